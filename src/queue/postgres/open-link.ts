import { DatabaseUnusable } from './client';
import { inTime } from './in-time';
import type { Link } from './link';
import { prepareDatabase } from './prepare-database';

/**
 * Makes the database, and the shared directory, ready for a queue. Nothing is claimed or put yet.
 * @throws DatabaseUnusable; the client's error
 */
export async function openLink(
  link: Link,
  { schema, queue }: { schema: string; queue: string },
): Promise<void> {
  const { database, fileRows, directory } = link;
  await prepareDatabase(database, schema);
  if (directory !== undefined) {
    await directory.files.open(database, schema, queue);
    await directory.watch.look();
  } else if (await fileRows.hasFiles())
    throw new DatabaseUnusable(
      'QUEUE_DIRECTORY_OTHER',
      'this node names none, and the queue has objects in one',
    );
}

/** Nothing is asked by it any more. */
export async function closeLink({ database, directory, session, sweeper }: Link): Promise<void> {
  directory?.files.close();
  session.stop();
  sweeper.stop();
  await inTime(database.end());
}
