import {
  DIRECTORY_MODE,
  type DiskFiles,
  makeDurableDirectory,
  type OnWarning,
  syncDirectory,
  writeFile,
} from '../../basics';
import { join } from 'node:path';
import type { Keys } from '../../query';

export type StepState = 'in-progress' | 'completed' | 'discontinued';

/** A performed procedure step as it was last told of. */
export interface Step {
  sopInstanceUID: string;
  state: StepState;
  /** By keyword: of N-CREATE, with what each N-SET has changed. */
  attributes: Keys;
  /** Who told of it last, for `msg.dicom`. */
  caller: object;
  receivedAt: string;
}

const VERSION = 1;
/** Of one in JSON: several times what a data set may have. */
const MOST_BYTES = 16_777_216;

const DAY = 86_400_000;
/** Milliseconds after its last change at which one is forgotten: with those that are over, a late N-SET finds no instance any more. */
const OPEN = '.open.json';
const OVER = '.over.json';
const UNTOLD = '.untold';
const PART = '.part';
const AGES = [
  [OPEN, 30 * DAY],
  [OVER, 7 * DAY],
  [PART, DAY],
] as const;
const MOST_STEPS = 20_000;

/** Whether a file of this name is one of ours. */
export function isStepFile(name: string): boolean {
  return [OPEN, OVER, UNTOLD, PART].some((suffix) => name.endsWith(suffix));
}

/**
 * Procedure steps on disk, a file for each: `UID.open.json` while it is in progress, `UID.over.json` afterwards. `UID.untold`, which is
 * empty, says that the flow has not heard of it yet. Whoever calls sees to it that one step is changed by one at a time.
 */
export class StepStore {
  /** Steps that are kept, as far as is known since `tidy`. */
  count = 0;
  private isOpen = false;

  constructor(
    private readonly directory: string,
    private readonly files: DiskFiles,
    private readonly onWarning?: OnWarning,
  ) {}

  /** Undefined: there is none. @throws the system's error; Error where it is damaged or of a version that is not known */
  async read(uid: string): Promise<Step | undefined> {
    return (await this.readFile(uid + OVER)) ?? this.readFile(uid + OPEN);
  }

  /** Keeps it, and that the flow has not heard of it. It is safe when this resolves. @throws the system's error */
  async write(step: Step): Promise<void> {
    this.open();
    const { sopInstanceUID: uid, state } = step;
    const suffix = state === 'in-progress' ? OPEN : OVER;
    const part = join(this.directory, uid + PART);
    // First: what is not told of is rather told of twice.
    writeFile(join(this.directory, uid + UNTOLD), Buffer.alloc(0), true, this.files);
    writeFile(part, Buffer.from(JSON.stringify({ version: VERSION, ...step })), true, this.files);
    this.files.renameSync(part, join(this.directory, uid + suffix));
    await syncDirectory(this.directory, this.files, this.onWarning);
    if (suffix === OVER) await this.files.removeFile(join(this.directory, uid + OPEN));
  }

  /** The flow has heard of it. */
  async told(uid: string): Promise<void> {
    await this.files.removeFile(join(this.directory, uid + UNTOLD));
  }

  /** Forgets old ones. Resolves with the instance UIDs of those that the flow has not heard of. */
  async tidy(now: number): Promise<string[]> {
    const untold: string[] = [];
    let count = 0;
    for await (const name of this.names()) {
      if (name.endsWith(UNTOLD)) untold.push(name.slice(0, -UNTOLD.length));
      const age = AGES.find(([suffix]) => name.endsWith(suffix))?.[1];
      if (age === undefined) continue;
      const path = join(this.directory, name);
      const changed = this.files.statSync(path, { throwIfNoEntry: false })?.mtimeMs;
      if (changed !== undefined && now - changed > age) await this.files.removeFile(path);
      else count += 1;
    }
    this.count = count;
    return untold;
  }

  /** No more are kept. */
  get isFull(): boolean {
    return this.count >= MOST_STEPS;
  }

  private open(): void {
    if (this.isOpen) return;
    makeDurableDirectory(this.directory, this.files, {
      mode: DIRECTORY_MODE,
      onWarning: this.onWarning,
    });
    this.isOpen = true;
  }

  private async readFile(name: string): Promise<Step | undefined> {
    try {
      const json = await this.files.readText(join(this.directory, name), MOST_BYTES);
      const { version, ...step } = JSON.parse(json) as Step & { version: unknown };
      if (version !== VERSION) throw new Error(`${name} has version ${String(version)}`);
      return step;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  private async *names(): AsyncGenerator<string> {
    try {
      yield* this.files.namesIn(this.directory);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}
