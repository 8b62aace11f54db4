import { join } from 'node:path';
import type { QueueParts } from './queue-parts';
import { FILE_MODE, realFiles } from '../../basics';
import { BlockBuffer } from '../block-buffer';
import { PartFile } from '../files';
import { QueueRefusal, type ObjectFacts, type QueueWriter } from '../object-queue';
import { BytesInPieces } from './bytes-query';
import { SMALL_BYTES } from './local-copies';
import type { ObjectCount } from './object-count';
import { idOfNumber } from './object-numbers';
import { CHUNK_BYTES } from './object-bytes';
import type { NewRow } from './object-rows';
import type { OpenFile } from './open-file';
import { PostgresWriter } from './postgres-writer';
import { databaseAway } from './put-groups';

/** So many associations are known by number; more than can be open. */
const MOST_STREAMS = 20_000;

/** Objects that are being received: each is complete on this machine before the database, or the shared directory, sees any of it. */
export class Arrivals {
  private readonly parts = new Set<PartFile>();
  private readonly streams = new Map<string, Promise<number>>();
  private made = 0;

  /**
   * @param directory a folder that only this queue uses
   * @param bytes how many there are of all objects
   */
  constructor(
    private readonly queue: QueueParts,
    private readonly directory: string,
    private readonly bytes: ObjectCount,
  ) {}

  /** Objects that are being received. */
  get size(): number {
    return this.parts.size;
  }

  begin(head: Buffer): QueueWriter {
    const path = (): string => join(this.directory, `${(this.made += 1)}.part`);
    const part = new PartFile(path, FILE_MODE, realFiles, SMALL_BYTES);
    this.parts.add(part);
    const writer = new PostgresWriter(
      part,
      (facts) => this.complete(part, facts),
      () => this.parts.delete(part),
    );
    writer.append(head);
    return writer;
  }

  private async complete(part: PartFile, facts: ObjectFacts): Promise<string> {
    const { queue } = this;
    const { count, claimed } = queue;
    // They are nobody else's while they are sent, though the association may end meanwhile.
    const bytes = part.takeCollected();
    const giveUp = (error: unknown): never => {
      bytes?.clear();
      throw error;
    };
    const row = await this.newRow(part, facts).catch((error: unknown) => {
      queue.failed(error);
      return giveUp(databaseAway());
    });
    try {
      const put = count.during(
        () =>
          this.bytes.during(
            () => this.put(bytes ?? part, row),
            () => row.size,
          ),
        () => 1,
      );
      const file = await put.catch(giveUp);
      this.received(row, bytes, file, facts.note);
      queue.tell();
      return row.id;
    } finally {
      claimed.fetchSoon(row.stream);
    }
  }

  private async newRow(
    part: PartFile,
    { studyInstanceUID = '', association, isAwaited = false }: ObjectFacts,
  ): Promise<NewRow> {
    const { numbers, session, openedAt } = this.queue.db();
    const seq = await numbers.take();
    return {
      seq,
      id: idOfNumber(seq, openedAt, part.size, part.checksum),
      stream: await this.streamOf(association),
      study: studyText(studyInstanceUID),
      size: part.size,
      waiter: isAwaited ? session.run : undefined,
    };
  }

  /** It is likely to be delivered here, and need not be read again then. */
  private received(
    row: NewRow,
    bytes: BlockBuffer | undefined,
    file: OpenFile | undefined,
    note: unknown,
  ): void {
    const { claimed, db } = this.queue;
    if (bytes !== undefined) claimed.received(row.id, db().copies.of(bytes), note, row.size);
    else if (file !== undefined)
      // What is noted of it may refer to the part, which is gone then.
      claimed.received(row.id, db().copies.inPlace(file), undefined, row.size);
  }

  /** Resolves when it is in the queue; with its file, where it is one and not in memory. @throws QueueRefusal */
  private async put(object: BlockBuffer | PartFile, row: NewRow): Promise<OpenFile | undefined> {
    const { puts, directory } = this.queue.db();
    const isFile = directory !== undefined && row.size >= directory.files.fromBytes;
    if (isFile) return this.putFile(object, row);
    if (object instanceof BlockBuffer) await puts.put(row, new BytesInPieces([...object.pieces()]));
    else await puts.putLarge(row, () => fileBytes(object));
    return undefined;
  }

  /** The file is first. Once its row is there it is looked for again: had we been paused, it could have counted as nobody's. */
  private async putFile(object: BlockBuffer | PartFile, row: NewRow): Promise<OpenFile | undefined> {
    const { puts, directory } = this.queue.db();
    if (directory === undefined) throw databaseAway();
    const { files, watch } = directory;
    const { id, seq, size } = row;
    const refused = (error: unknown): QueueRefusal => {
      watch.suspect();
      return directoryRefusal(error);
    };
    const pieces = object instanceof BlockBuffer ? [...object.pieces()] : fileBytes(object);
    const sha256 = await files.put(id, pieces).catch((error: unknown) => {
      throw refused(error);
    });
    try {
      await puts.put({ ...row, sha256 }, undefined);
    } catch (error) {
      // Where the database may have it nevertheless, its row has to go first.
      if (!puts.isDoubtful(seq)) this.queue.removals.removeFiles([id]);
      throw error;
    }
    try {
      if (!(object instanceof BlockBuffer)) return await files.openWritten(id, size);
      await files.checkWritten(id, size);
      return undefined;
    } catch (error) {
      puts.takeOut(seq);
      throw refused(error);
    }
  }

  /** The number by which an association is known; that of no association is this instance's. */
  private streamOf(association = ''): Promise<number> {
    const known = this.streams.get(association);
    if (known !== undefined) return known;
    const stream = this.queue.db().numbers.stream();
    this.streams.set(association, stream);
    stream.catch(() => this.streams.delete(association));
    // Of those that end without a word, the oldest goes: another number is another association.
    const [oldest] = this.streams.keys();
    if (this.streams.size > MOST_STREAMS && oldest !== undefined) this.streams.delete(oldest);
    return stream;
  }

  /** What is not complete is given up. */
  close(): void {
    for (const part of this.parts) part.discard();
    this.parts.clear();
  }
}

/** Of one that is not in memory; in the same memory each time. */
async function* fileBytes(part: PartFile): AsyncGenerator<Buffer> {
  const content = part.content();
  if (content.kind === 'memory') return;
  const { fd, size } = content;
  const chunk = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, size));
  for (let at = 0; at < size; at += CHUNK_BYTES) {
    const bytes = chunk.subarray(0, size - at);
    for (let done = 0; done < bytes.length;)
      done += await realFiles.read(fd, bytes.subarray(done), bytes.length - done, at + done);
    yield bytes;
  }
}

/** A UID, as it is compared: PostgreSQL takes no NUL, and perhaps no character beyond ASCII. */
export function studyText(uid: string): string {
  return uid.replace(/[^\x21-\x7e]/g, '').slice(0, 128);
}

const SENTENCES: Record<string, string> = {
  ENOSPC: 'the disk of the shared directory is full: free some space on it',
  EDQUOT: 'the disk quota of the shared directory is used up: raise it, or free space',
  EROFS: 'the shared directory is read-only: mount it writable',
  EACCES: 'the shared directory may not be written to',
  ENOENT: 'the shared directory is gone: mount it again',
};

function directoryRefusal(error: unknown): QueueRefusal {
  const { code, message } = error as NodeJS.ErrnoException;
  const known = code === undefined ? undefined : SENTENCES[code];
  return new QueueRefusal(
    code ?? 'UNKNOWN',
    known ?? `the object cannot be stored in the shared directory (${code ?? message})`,
  );
}
