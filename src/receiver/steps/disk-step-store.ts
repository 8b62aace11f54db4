import {
  DIRECTORY_MODE,
  type DiskFiles,
  makeDurableDirectory,
  type OnWarning,
  syncDirectory,
  writeFile,
} from '../../basics';
import { join } from 'node:path';
import { KEPT_SECONDS, parseStep, stepText, type KeptStep, type Step, type StepStore } from './step-store';

/** Of one in JSON: several times what a data set may have. */
const MOST_BYTES = 16_777_216;

const OPEN = '.open.json';
const OVER = '.over.json';
const UNTOLD = '.untold';
const PART = '.part';
/** Milliseconds after its last change at which a file goes. */
const AGES = [
  [OPEN, KEPT_SECONDS.open * 1_000],
  [OVER, KEPT_SECONDS.over * 1_000],
  [PART, 86_400_000],
] as const;

/** Whether a file of this name is one of ours. */
export function isStepFile(name: string): boolean {
  return [OPEN, OVER, UNTOLD, PART].some((suffix) => name.endsWith(suffix));
}

/**
 * Procedure steps on disk, a file for each: `UID.open.json` while it is in progress, `UID.over.json` afterwards. `UID.untold`, which is
 * empty, says that the flow has not heard of it yet.
 */
export class DiskStepStore implements StepStore {
  count = 0;
  private isOpen = false;

  constructor(
    private readonly directory: string,
    private readonly files: DiskFiles,
    private readonly onWarning?: OnWarning,
  ) {}

  async read(uid: string): Promise<KeptStep | undefined> {
    const step = (await this.readFile(uid + OVER)) ?? (await this.readFile(uid + OPEN));
    return step && { step, revision: 0 };
  }

  async write(step: Step): Promise<boolean> {
    this.open();
    const { sopInstanceUID: uid, state } = step;
    const suffix = state === 'in-progress' ? OPEN : OVER;
    const part = join(this.directory, uid + PART);
    // First: what is not told of is rather told of twice.
    writeFile(join(this.directory, uid + UNTOLD), Buffer.alloc(0), true, this.files);
    writeFile(part, Buffer.from(stepText(step)), true, this.files);
    this.files.renameSync(part, join(this.directory, uid + suffix));
    await syncDirectory(this.directory, this.files, this.onWarning);
    if (suffix === OVER) await this.files.removeFile(join(this.directory, uid + OPEN));
    return true;
  }

  async told(uid: string): Promise<void> {
    await this.files.removeFile(join(this.directory, uid + UNTOLD));
  }

  async tidy(): Promise<string[]> {
    const now = Date.now();
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
      return parseStep(await this.files.readText(join(this.directory, name), MOST_BYTES), name);
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
