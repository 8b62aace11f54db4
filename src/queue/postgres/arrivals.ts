import { join } from 'node:path';
import { FILE_MODE, realFiles } from '../../basics';
import { BlockBuffer } from '../block-buffer';
import { PartFile } from '../files';
import { QueueRefusal, type ObjectFacts, type QueueWriter } from '../object-queue';
import type { PutClaim } from './claims';
import { SMALL_BYTES } from './copies';
import { BytesInPieces } from './database';
import type { OpenFile } from './directory';
import type { ObjectCount } from './object-count';
import { PostgresWriter } from './postgres-writer';
import type { QueueParts } from './queue-parts';
import { CHUNK_BYTES, databaseAway, idOfNumber, type NewRow } from './rows';

/** So many associations are known by number; more than can be open. */
const MOST_STREAMS = 20_000;

/** An association, as the database knows it. */
interface Stream {
  number: Promise<number>;
  /** Nothing of it has been put. */
  isNew: boolean;
}

/** What has been put: claimed, and in a file that is open. */
interface Put {
  claim?: PutClaim | undefined;
  file?: OpenFile;
}

/** Objects that are being received: each is complete on this machine before the database, or the shared directory, sees any of it. */
export class Arrivals {
  private readonly parts = new Set<PartFile>();
  private readonly streams = new Map<string, Stream>();
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
    let isClaimed = false;
    try {
      const put = await this.counted(() => this.put(bytes ?? part, row), row).catch(giveUp);
      isClaimed = this.received(row, put, bytes, facts.note);
      if (!isClaimed) queue.tell();
      return row.id;
    } finally {
      if (!isClaimed) queue.claimed.fetchSoon(row.stream);
    }
  }

  private counted<T>(put: () => Promise<T>, { size }: NewRow): Promise<T> {
    return this.queue.count.during(
      () => this.bytes.during(put, () => size),
      () => 1,
    );
  }

  private async newRow(
    part: PartFile,
    { studyInstanceUID = '', association, isAwaited = false }: ObjectFacts,
  ): Promise<NewRow> {
    const { numbers, session, openedAt } = this.queue.db();
    const seq = await numbers.take();
    const stream = this.streamOf(association);
    const isFirst = stream.isNew;
    stream.isNew = false;
    return {
      seq,
      id: idOfNumber(seq, openedAt, part.size, part.checksum),
      stream: await stream.number,
      isFirst,
      study: studyText(studyInstanceUID),
      size: part.size,
      waiter: isAwaited ? session.run : undefined,
    };
  }

  /** It is likely to be delivered here, and need not be read again then. True: it is to be delivered here. */
  private received(
    row: NewRow,
    { claim, file }: Put,
    bytes: BlockBuffer | undefined,
    noted: unknown,
  ): boolean {
    const { claimed, db } = this.queue;
    const copy = bytes === undefined ? file && db().copies.inPlace(file) : db().copies.of(bytes);
    if (copy === undefined) return false;
    // What is noted of what has been a file may refer to that, which is gone then.
    const note = bytes === undefined ? undefined : noted;
    if (claim !== undefined) return claimed.claimedAsPut(claim, row, copy, note);
    claimed.received(row.id, copy, note, row.size);
    return false;
  }

  /** Resolves when it is in the queue. @throws QueueRefusal */
  private async put(object: BlockBuffer | PartFile, row: NewRow): Promise<Put> {
    if (this.isFile(row)) return this.putFile(object, row);
    if (object instanceof BlockBuffer)
      return { claim: await this.putRow(row, new BytesInPieces([...object.pieces()])) };
    await this.queue.db().puts.putLarge(row, () => fileBytes(object));
    return {};
  }

  /** Where it can be, it is claimed with that. @param bytes undefined: they are in a file */
  private async putRow(row: NewRow, bytes: BytesInPieces | undefined): Promise<PutClaim | undefined> {
    const { claimed, db } = this.queue;
    const claim = claimed.claimAsPut(row);
    let isClaimed = false;
    try {
      isClaimed = await db().puts.put({ ...row, claim }, bytes);
      return isClaimed ? claim : undefined;
    } finally {
      if (claim !== undefined && !isClaimed) claimed.notPut(claim);
    }
  }

  private isFile({ size }: NewRow): boolean {
    const { directory } = this.queue.db();
    return directory !== undefined && size >= directory.fromBytes;
  }

  /** The file is first. Once its row is there it is looked for again: had we been paused, it could have counted as nobody's. */
  private async putFile(object: BlockBuffer | PartFile, row: NewRow): Promise<Put> {
    const { puts, directory: files, watch } = this.queue.db();
    if (files === undefined) throw databaseAway();
    const { id, seq, size } = row;
    const refused = (error: unknown): QueueRefusal => {
      watch.suspect();
      return directoryRefusal(error);
    };
    const pieces = object instanceof BlockBuffer ? [...object.pieces()] : fileBytes(object);
    const sha256 = await files.put(id, pieces).catch((error: unknown) => {
      throw refused(error);
    });
    let claim: PutClaim | undefined;
    try {
      claim = await this.putRow({ ...row, sha256 }, undefined);
    } catch (error) {
      // Where the database may have it nevertheless, its row has to go first.
      if (!puts.isDoubtful(seq)) this.queue.removals.removeFiles([id]);
      throw error;
    }
    try {
      if (!(object instanceof BlockBuffer)) return { claim, file: await files.openWritten(id, size) };
      await files.checkWritten(id, size);
      return { claim };
    } catch (error) {
      if (claim !== undefined) this.queue.claimed.notPut(claim);
      puts.takeOut({ seq, id, claim });
      throw refused(error);
    }
  }

  /** The number by which an association is known; that of no association is this instance's. */
  private streamOf(association = ''): Stream {
    const known = this.streams.get(association);
    if (known !== undefined) return known;
    const stream = { number: this.queue.db().numbers.stream(), isNew: true };
    this.streams.set(association, stream);
    stream.number.catch(() => this.streams.delete(association));
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
