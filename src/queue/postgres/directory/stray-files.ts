import { type FileRows, numberIn } from '../rows';
import type { FileKind, SharedDirectory } from './shared-directory';

/** Files and rows that are compared at a time. */
const GROUP = 256;
/** A file without an object may be one that is just being put: it is left alone for so long, by the database's clock. */
const SAFE_SECONDS = 600;
/** So many are remembered; further ones are found when those are gone. */
const MOST_STRAYS = 100_000;

interface Stray {
  /** The database's clock: seconds. */
  since: number;
  size: number;
  mtimeMs: number;
}

export interface SweptFiles {
  /** Files that were removed, for no object had them. */
  removed: number;
  /** Objects without a file: somebody has deleted it. */
  missing: number;
}

/**
 * Brings files and rows together again. A machine that ends between the two leaves a file without a row: while it puts an object
 * (the file is first), or removes one (the row is first). Nothing that is in order leaves a row without a file.
 */
export class StrayFiles {
  private readonly strays = new Map<string, Stray>();

  constructor(
    private readonly directory: SharedDirectory,
    private readonly rows: FileRows,
    private readonly safeSeconds = SAFE_SECONDS,
  ) {}

  /** Once. @throws the client's error, or the system's */
  async sweep(): Promise<SweptFiles> {
    const now = await this.rows.now();
    const there = new Set<number>();
    const names = new Set<string>();
    let removed = 0;
    for await (const files of this.directory.files(GROUP)) {
      const ids = files.map(({ id }) => id);
      const known = await this.rows.withFiles(ids);
      for (const { id, kind } of files) {
        const isKnown = known.has(id);
        if (isKnown && kind === 'dcm') there.add(numberIn(id));
        else if (isKnown && kind === 'stray') {
          // Whoever looked at it has ended meanwhile.
          await this.directory.rename(id, 'stray', 'dcm');
          there.add(numberIn(id));
        } else {
          names.add(`${id}.${kind}`);
          if ((await this.isOld(id, kind, now)) && (await this.removed(id, kind))) removed += 1;
        }
      }
    }
    for (const name of this.strays.keys()) if (!names.has(name)) this.strays.delete(name);
    return { removed, missing: await this.missing(there) };
  }

  /** It has been here for long enough, and nobody has written to it. */
  private async isOld(id: string, kind: FileKind, now: number): Promise<boolean> {
    const name = `${id}.${kind}`;
    const facts = await this.directory.facts(id, kind);
    if (facts === undefined) return false;
    const { size, mtimeMs } = facts;
    const stray = this.strays.get(name);
    if (stray?.size === size && stray.mtimeMs === mtimeMs) return now - stray.since >= this.safeSeconds;
    if (this.strays.size < MOST_STRAYS) this.strays.set(name, { since: now, size, mtimeMs });
    return this.safeSeconds <= 0;
  }

  /**
   * A machine that was paused may put the object's row at this very moment. So the file gets another name first: from then on
   * that machine, which looks for the file once the row is there, does not find it and refuses the object, or we find the row.
   */
  private async removed(id: string, kind: FileKind): Promise<boolean> {
    if (kind === 'part') return this.directory.remove(id, 'part');
    if (kind === 'dcm' && !(await this.directory.rename(id, 'dcm', 'stray'))) return false;
    if ((await this.rows.withFiles([id])).has(id)) {
      await this.directory.rename(id, 'stray', 'dcm');
      return false;
    }
    return this.directory.remove(id, 'stray');
  }

  /** Those whose file was neither seen nor is there now. */
  private async missing(there: ReadonlySet<number>): Promise<number> {
    let missing = 0;
    for (let after = -1, isLast = false; !isLast;) {
      const ids = await this.rows.oldFiles(after, this.safeSeconds, GROUP);
      isLast = ids.length < GROUP;
      after = numberIn(ids.at(-1) ?? '');
      for (const id of ids) if (!there.has(numberIn(id)) && (await this.isGone(id))) missing += 1;
    }
    return missing;
  }

  private async isGone(id: string): Promise<boolean> {
    if ((await this.directory.facts(id, 'dcm')) !== undefined) return false;
    if ((await this.directory.facts(id, 'stray')) !== undefined) return false;
    // It may have been removed meanwhile.
    return (await this.rows.withFiles([id])).has(id);
  }
}
