import { inTime } from '../../../basics';
import { NoDirectory } from '../directory';
import { prepareDatabase } from '../schema';
import type { Link } from './link';

/**
 * Makes the database, and the shared directory, ready for a queue. Nothing is claimed or put yet.
 * @throws DatabaseUnusable; the client's error
 */
export async function openLink(
  link: Link,
  { schema, queue }: { schema: string; queue: string },
): Promise<void> {
  const { database, fileRows, directory, watch } = link;
  await prepareDatabase(database, schema);
  if (directory === undefined) await new NoDirectory(fileRows).check();
  else await directory.open(database, schema, queue);
  await watch.look();
}

/** Nothing is asked by it any more. */
export async function closeLink({ database, directory, session, sweeper }: Link): Promise<void> {
  directory?.close();
  session.stop();
  sweeper.stop();
  await inTime(database.end());
}
