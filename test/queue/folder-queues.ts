import { lstatSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  FolderQueue,
  QueueRefusal,
  type FolderFile,
  type FolderQueueOptions,
  type ObjectFacts,
  type QueueWriter,
} from '../../src/queue';

/** A file of a folder as a scan finds it. */
export function found(folder: string, rel: string): FolderFile {
  const { size, mtimeMs, ino } = lstatSync(join(folder, rel));
  return { rel, facts: { size, mtimeMs, ino } };
}

export interface Place {
  folder: string;
  directory: string;
  owner: string;
}

/** Places below a folder, which are made: one that is watched, and that of the node. */
export function placeIn(root: string, name: string): Place {
  const [folder, directory] = [join(root, name, 'watched'), join(root, name, 'node')];
  mkdirSync(folder, { recursive: true });
  return { folder, directory, owner: `test-${name}` };
}

/** A watched folder into which what is stored is put as a file, and from which it is taken at once. */
export class FedFolder extends FolderQueue {
  private files = 0;
  private readonly most: number;
  private readonly arriving = new Set<object>();

  constructor(
    readonly place: Place,
    readonly settings: Partial<FolderQueueOptions> = {},
  ) {
    const options: FolderQueueOptions = {
      ...place,
      after: 'delete',
      moveTo: '',
      errorDirectory: '',
      minFreeBytes: 0,
      maxObjects: 100,
      onLeftover: (error) => {
        throw error;
      },
      onNotPutAway: (error) => {
        throw error;
      },
      ...settings,
    };
    super(options);
    this.most = options.maxObjects;
  }

  override begin(head: Buffer): QueueWriter {
    if (this.size + this.arriving.size >= this.most) throw new QueueRefusal('QUEUE_FULL', 'full');
    const pieces = [head];
    const writer: QueueWriter = {
      append: (bytes) => pieces.push(bytes),
      content: () => {
        throw new Error('not here');
      },
      complete: (facts) => this.put(Buffer.concat(pieces), facts).finally(() => this.arriving.delete(writer)),
      discard: () => this.arriving.delete(writer),
    };
    this.arriving.add(writer);
    return writer;
  }

  private async put(bytes: Buffer, { studyInstanceUID }: ObjectFacts = {}): Promise<string> {
    this.files += 1;
    const name = `${process.pid}-${String(this.files).padStart(4, '0')}.bin`;
    writeFileSync(join(this.place.folder, name), bytes);
    return (await this.admit(found(this.place.folder, name), studyInstanceUID)) ?? '';
  }
}
