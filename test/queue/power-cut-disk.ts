import type * as fs from 'node:fs';
import { basename, dirname } from 'node:path';
import type { DiskFiles } from '../../src/basics/disk-files';

/** What a disk writes at once or not at all. */
const SECTOR_BYTES = 512;

/** The disk has lost its power: whoever uses it gets this. */
class PowerCut extends Error {
  override readonly name = 'PowerCut';
  readonly code = 'POWER_CUT';
}

interface File {
  kind: 'file';
  ino: number;
  /** What a running system reads. */
  bytes: Buffer;
  /** What is on the disk for sure. */
  safe: Buffer;
  /** The sync that made it so, by the order in which they began. */
  safeBy: number;
  /** Sectors, or an end, that may or may not be on it. */
  dirty: Set<number>;
  /** The least size that it had since it was safe. */
  smallest: number;
  links: number;
}
interface Directory {
  kind: 'directory';
  ino: number;
  entries: Map<string, Inode>;
  safe: Map<string, Inode>;
}
type Inode = File | Directory;

/** A change of names: all of it is on the disk, or nothing. */
interface NameChange {
  directories: Directory[];
  apply(): void;
}

/** A random number from 0 to 1, the same ones for each seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/**
 * A disk in memory that forgets, when its power is cut, what was not synced: of a file, each sector by itself; of names, what
 * came last. Names are safe when their directory has been synced, and the directory's own name when its parent has. Knows of
 * the file operations of a queue, and of a lock that ends with the system.
 */
export class PowerCutDisk {
  /** Operations until the power is cut. */
  left = Infinity;
  private readonly root: Directory;
  private readonly open = new Map<number, { inode: Inode; at: number }>();
  private changes: NameChange[] = [];
  private nextNumber = 10;
  private syncs = 0;

  constructor(
    private readonly random: () => number,
    root?: Directory,
  ) {
    this.root = root ?? { kind: 'directory', ino: 1, entries: new Map(), safe: new Map() };
  }

  /** The disk as it is when there is power again. */
  afterPowerCut(): PowerCutDisk {
    // Of names, the first ones of those that are not safe.
    const kept = Math.floor(this.random() * (this.changes.length + 1));
    for (const change of this.changes.slice(0, kept)) change.apply();
    const seen = new Map<Inode, Inode>();
    return new PowerCutDisk(this.random, this.survivor(this.root, seen) as Directory);
  }

  /** The same disk for a process that begins after one was killed: nothing is forgotten. */
  afterKill(): PowerCutDisk {
    const disk = new PowerCutDisk(this.random, this.root);
    disk.changes = this.changes;
    disk.nextNumber = this.nextNumber;
    disk.syncs = this.syncs;
    return disk;
  }

  /** Names in a directory. */
  names(path: string): string[] {
    const inode = this.find(path);
    return inode?.kind === 'directory' ? [...inode.entries.keys()] : [];
  }

  /** What a running system reads in a file. */
  textOf(path: string): string {
    return this.text(path);
  }

  readonly files: DiskFiles = this.operations();

  private survivor(inode: Inode, seen: Map<Inode, Inode>): Inode {
    const known = seen.get(inode);
    if (known !== undefined) return known;
    if (inode.kind === 'file') {
      const bytes = this.survivingBytes(inode);
      const file: File = {
        ...inode,
        bytes,
        safe: Buffer.from(bytes),
        safeBy: 0,
        dirty: new Set(),
        smallest: bytes.length,
      };
      seen.set(inode, file);
      return file;
    }
    const directory: Directory = { ...inode, entries: new Map(), safe: new Map() };
    seen.set(inode, directory);
    for (const [name, child] of inode.safe) directory.entries.set(name, this.survivor(child, seen));
    directory.safe = new Map(directory.entries);
    return directory;
  }

  private survivingBytes({ bytes, safe, dirty, smallest }: File): Buffer {
    // Any size that it has had since, and those on the way to it.
    const [least, most] = [Math.min(smallest, safe.length), Math.max(safe.length, bytes.length)];
    const size = least + Math.floor(this.random() * (most - least + 1));
    const survived = Buffer.alloc(size);
    safe.copy(survived);
    for (const sector of dirty) {
      if (this.random() < 0.5) continue;
      const [from, to] = [sector * SECTOR_BYTES, Math.min((sector + 1) * SECTOR_BYTES, bytes.length)];
      if (from < size) bytes.copy(survived, from, from, Math.min(to, size));
    }
    return survived;
  }

  private step(): void {
    if (this.left <= 0) throw new PowerCut('the power is cut');
    this.left -= 1;
  }

  private find(path: string): Inode | undefined {
    let inode: Inode | undefined = this.root;
    for (const part of path.split('/').filter((text) => text !== '')) {
      if (inode?.kind !== 'directory') return undefined;
      inode = inode.entries.get(part);
    }
    return inode;
  }

  private parent(path: string): Directory {
    const directory = this.find(dirname(path));
    if (directory?.kind !== 'directory') throw failure('ENOENT', path);
    return directory;
  }

  private change(directories: Directory[], now: () => void, apply: () => void): void {
    now();
    this.changes.push({ directories, apply });
  }

  private link(directory: Directory, name: string, inode: Inode): void {
    this.change(
      [directory],
      () => directory.entries.set(name, inode),
      () => directory.safe.set(name, inode),
    );
  }

  private unlink(path: string): void {
    const directory = this.parent(path);
    const name = basename(path);
    const inode = directory.entries.get(name);
    if (inode === undefined) throw failure('ENOENT', path);
    if (inode.kind === 'directory') throw failure('EISDIR', path);
    inode.links -= 1;
    this.change(
      [directory],
      () => directory.entries.delete(name),
      () => directory.safe.delete(name),
    );
  }

  private rename(from: string, to: string): void {
    const [source, target] = [this.parent(from), this.parent(to)];
    const [old, name] = [basename(from), basename(to)];
    const inode = source.entries.get(old);
    if (inode === undefined) throw failure('ENOENT', from);
    this.change(
      [source, target],
      () => {
        source.entries.delete(old);
        target.entries.set(name, inode);
      },
      () => {
        source.safe.delete(old);
        target.safe.set(name, inode);
      },
    );
  }

  /** All changes of names in it are safe, and with them what one of those has to do with elsewhere. */
  private syncNames(directory: Directory): void {
    this.changes = this.changes.filter((change) => {
      if (!change.directories.includes(directory)) return true;
      change.apply();
      return false;
    });
  }

  private sync(fd: number): void {
    const { inode } = this.handle(fd);
    if (inode.kind === 'directory') {
      this.syncNames(inode);
      return;
    }
    inode.safe = Buffer.from(inode.bytes);
    inode.safeBy = this.syncs += 1;
    inode.smallest = inode.bytes.length;
    inode.dirty.clear();
  }

  private handle(fd: number): { inode: Inode; at: number } {
    const handle = this.open.get(fd);
    if (handle === undefined) throw failure('EBADF', String(fd));
    return handle;
  }

  private file(fd: number): File {
    const { inode } = this.handle(fd);
    if (inode.kind !== 'file') throw failure('EISDIR', String(fd));
    return inode;
  }

  private openFile(path: string, flags: string): number {
    let inode = this.find(path);
    if (inode !== undefined && flags.includes('x')) throw failure('EEXIST', path);
    if (inode === undefined) {
      if (flags.startsWith('r')) throw failure('ENOENT', path);
      const file: File = {
        kind: 'file',
        ino: (this.nextNumber += 1),
        bytes: Buffer.alloc(0),
        safe: Buffer.alloc(0),
        safeBy: 0,
        dirty: new Set(),
        smallest: 0,
        links: 1,
      };
      this.link(this.parent(path), basename(path), file);
      inode = file;
    } else if (flags.startsWith('w') && inode.kind === 'file') this.resize(inode, 0);
    const fd = (this.nextNumber += 1);
    this.open.set(fd, { inode, at: 0 });
    return fd;
  }

  private resize(file: File, size: number): void {
    const bytes = Buffer.alloc(size);
    file.bytes.copy(bytes);
    file.bytes = bytes;
    file.smallest = Math.min(file.smallest, size);
    file.dirty.add(Math.floor(size / SECTOR_BYTES));
  }

  /** The power may be cut in the middle of it. */
  private write(fd: number, bytes: Buffer, position: number | undefined): number {
    const handle = this.handle(fd);
    const file = this.file(fd);
    const at = position ?? handle.at;
    const isLast = this.left <= 0;
    const length = isLast ? Math.floor(this.random() * (bytes.length + 1)) : bytes.length;
    if (at + length > file.bytes.length) this.resize(file, at + length);
    bytes.copy(file.bytes, at, 0, length);
    for (let sector = Math.floor(at / SECTOR_BYTES); sector * SECTOR_BYTES < at + length; sector += 1)
      file.dirty.add(sector);
    if (isLast) throw new PowerCut('the power is cut in the middle of a write');
    if (position === undefined) handle.at = at + length;
    return length;
  }

  private makeDirectory(path: string): void {
    if (this.find(path) !== undefined) throw failure('EEXIST', path);
    const made: Directory = {
      kind: 'directory',
      ino: (this.nextNumber += 1),
      entries: new Map(),
      safe: new Map(),
    };
    this.link(this.parent(path), basename(path), made);
  }

  private stat(inode: Inode): fs.Stats {
    const size = inode.kind === 'file' ? inode.bytes.length : 0;
    const nlink = inode.kind === 'file' ? inode.links : 1;
    const isFile = (): boolean => inode.kind === 'file';
    const isDirectory = (): boolean => inode.kind === 'directory';
    return { size, nlink, ino: inode.ino, dev: 1, isFile, isDirectory } as fs.Stats;
  }

  private text(path: string): string {
    const inode = this.find(path);
    if (inode?.kind !== 'file') throw failure('ENOENT', path);
    return inode.bytes.toString('utf8');
  }

  /** The operations of a queue: each is a step, and after the last one there are none. */
  private operations(): DiskFiles {
    const operations: Record<keyof DiskFiles, (...args: never[]) => unknown> = {
      openSync: (path: string, flags: string) => this.openFile(path, flags),
      closeSync: (fd: number) => void this.open.delete(fd),
      writeSync: (fd: number, bytes: Buffer, from = 0, length = bytes.length, position?: number) =>
        this.write(fd, bytes.subarray(from, from + length), position ?? undefined),
      writevSync: (fd: number, pieces: Buffer[], position?: number) =>
        this.write(fd, Buffer.concat(pieces), position ?? undefined),
      readSync: (fd: number, into: Buffer, at: number, length: number, position: number) =>
        this.file(fd).bytes.copy(into, at, position, position + length),
      read: (fd: number, into: Buffer, length: number, position: number) =>
        Promise.resolve(this.file(fd).bytes.copy(into, 0, position, position + length)),
      ftruncateSync: (fd: number, size: number) => this.resize(this.file(fd), size),
      fsyncSync: (fd: number) => this.sync(fd),
      fdatasyncSync: (fd: number) => this.sync(fd),
      sync: async (fd: number) => this.syncLater(fd),
      syncData: async (fd: number) => this.syncLater(fd),
      renameSync: (from: string, to: string) => this.rename(from, to),
      unlinkSync: (path: string) => this.unlink(path),
      utimesSync: (path: string) => void this.text(path),
      rmSync: (path: string) => void (this.find(path) !== undefined && this.unlink(path)),
      removeFile: (path: string) => Promise.resolve(this.find(path) !== undefined && this.unlink(path)),
      fstatSync: (fd: number) => this.stat(this.handle(fd).inode),
      statSync: (path: string, options?: { throwIfNoEntry?: boolean }) => {
        const inode = this.find(path);
        if (inode !== undefined) return this.stat(inode);
        if (options?.throwIfNoEntry === false) return undefined;
        throw failure('ENOENT', path);
      },
      mkdirSync: (path: string) => this.makeDirectory(path),
      namesIn: (path: string) => eachOf(this.names(path)),
      readText: (path: string) => Promise.resolve(this.text(path)),
      readDirectory: (path: string) => Promise.resolve(this.names(path)),
      statfsSync: () => ({ bavail: 1e9, bsize: 4_096 }),
      readFileSync: (path: string) => this.text(path),
      writeFileSync: (path: string, text: string) => {
        const fd = this.openFile(path, 'w');
        this.write(fd, Buffer.from(text), 0);
        this.open.delete(fd);
      },
      lock: () => Promise.resolve({ release: () => undefined }),
    };
    return new Proxy(operations, {
      get: (target, name: keyof DiskFiles) =>
        ((...args: never[]) => {
          this.step();
          return target[name](...args);
        }) as unknown,
    }) as unknown as DiskFiles;
  }

  /** As a thread of the pool does it: others go on meanwhile. What comes while it runs may be covered, or not: it is not. */
  private async syncLater(fd: number): Promise<void> {
    const { inode } = this.handle(fd);
    const covered = inode.kind === 'file' ? Buffer.from(inode.bytes) : undefined;
    const sectors = inode.kind === 'file' ? [...inode.dirty] : [];
    const changes = [...this.changes];
    const number = (this.syncs += 1);
    await new Promise((resolve) => setImmediate(resolve));
    this.step();
    if (inode.kind === 'directory') {
      const later = this.changes.filter((change) => !changes.includes(change));
      this.changes = this.changes.filter((change) => changes.includes(change));
      this.syncNames(inode);
      this.changes.push(...later);
      return;
    }
    // A sync that began later has put more on the disk.
    if (inode.safeBy > number) return;
    inode.safeBy = number;
    // Written since: on the disk as it was when the sync began.
    if (covered !== undefined) inode.safe = covered;
    inode.smallest = Math.min(inode.bytes.length, inode.safe.length);
    const now = inode.bytes;
    for (const sector of sectors) {
      const [from, to] = [sector * SECTOR_BYTES, (sector + 1) * SECTOR_BYTES];
      if (covered?.subarray(from, to).equals(now.subarray(from, to))) inode.dirty.delete(sector);
    }
  }
}

async function* eachOf(names: readonly string[]): AsyncGenerator<string> {
  for (const name of names) yield await Promise.resolve(name);
}

function failure(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}
