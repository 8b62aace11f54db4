import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  DIRECTORY_MODE,
  type DirectoryLock,
  makeDirectory,
  type OnWarning,
  realFiles,
} from '../../../basics';
import { instanceName, otherInstanceName } from './instance-name';

/** Of objects that are being received, or are in flight: nobody needs those of a process that has ended. */
const PASSING = /\.(copy|part)$/;

/** The folder that a queue has on this machine. One process, and one queue of it, has it at a time. */
export class MachineFolder {
  readonly path: string;
  private lock: DirectoryLock | undefined;

  /** @param directory of the queue */
  constructor(
    directory: string,
    private readonly onWarning: OnWarning | undefined,
  ) {
    this.path = join(directory, 'shared');
  }

  /** From now on nobody else has it. @throws an Error with the system's code, or `QUEUE_LOCKED` */
  async take(): Promise<void> {
    makeDirectory(this.path, realFiles, DIRECTORY_MODE);
    this.lock ??= await realFiles.lock(this.path, { onWarning: this.onWarning }, realFiles);
  }

  /** Returns the name of the instance. @throws the system's error */
  prepare(): string {
    const name = instanceName(this.path);
    for (const file of readdirSync(this.path))
      if (PASSING.test(file)) rmSync(join(this.path, file), { force: true });
    return name;
  }

  /** Returns another name of the instance, for somebody else goes by this one. @throws the system's error */
  nameAgain(taken: string): string {
    return otherInstanceName(this.path, taken);
  }

  release(): void {
    this.lock?.release();
    this.lock = undefined;
  }
}
