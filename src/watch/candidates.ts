import { isSameFile, type FileFacts } from '../queue';

/** What has become of a file that was looked at. */
export type Verdict =
  /** It is no DICOM object, and stays where it is. */
  | 'foreign'
  /** It is not complete, or cannot be read. */
  | 'incomplete'
  | undefined;

/** Whoever may write into the folder may fill it; each takes some memory. */
const MOST_CANDIDATES = 200_000;

interface Candidate {
  facts: FileFacts;
  /** Since when it has been as it is; monotonic milliseconds. */
  since: number;
  verdict: Verdict;
  /** Number of the scan that has seen it last. */
  scan: number;
}

/** Files that are in the folder and have not been taken: whether they are still being written, and what was found in them. */
export class Candidates {
  private readonly candidates = new Map<string, Candidate>();
  private scan = 0;

  /** Keys: paths. */
  constructor(private readonly now = (): number => performance.now()) {}

  get size(): number {
    return this.candidates.size;
  }

  beginScan(): void {
    this.scan += 1;
  }

  /** Those that the scan has not seen are gone. Returns whether there were any. */
  endScan(): boolean {
    const { size } = this.candidates;
    for (const [key, { scan }] of this.candidates) if (scan !== this.scan) this.candidates.delete(key);
    return this.candidates.size < size;
  }

  /** True where another file has to wait, because too many are looked at. */
  isFull(key: string): boolean {
    return this.candidates.size >= MOST_CANDIDATES && !this.candidates.has(key);
  }

  /** The scan has seen it. Returns since how many milliseconds it has been as it is. */
  see(key: string, facts: FileFacts): number {
    const before = this.candidates.get(key);
    const isSame = before !== undefined && isSameFile(before.facts, facts);
    const now = this.now();
    if (!isSame) this.candidates.set(key, { facts, since: now, verdict: undefined, scan: this.scan });
    else before.scan = this.scan;
    return isSame ? now - before.since : 0;
  }

  verdict(key: string): Verdict {
    return this.candidates.get(key)?.verdict;
  }

  judge(key: string, verdict: Verdict): void {
    const candidate = this.candidates.get(key);
    if (candidate !== undefined) candidate.verdict = verdict;
  }

  forget(key: string): void {
    this.candidates.delete(key);
  }

  /** How many have this verdict. */
  count(verdict: Verdict): number {
    let count = 0;
    for (const candidate of this.candidates.values()) if (candidate.verdict === verdict) count += 1;
    return count;
  }
}
