import type { FolderFile } from '../queue';
import { inspect } from './inspect';
import type { WatchParts } from './watch-parts';

/** What is found in files of the folder, and what is told of those that are not taken. */
export class Inspection {
  constructor(private readonly watch: WatchParts) {}

  /**
   * The study of a file that is an object, and is to be taken; undefined: it is none, or not complete.
   * @throws the system's error
   */
  async studyOf(path: string, file: FolderFile, key = path): Promise<string | undefined> {
    const { candidates, faults, limits } = this.watch;
    // So others have their turn.
    await new Promise((turn) => setImmediate(turn));
    const found = inspect(path, file.facts);
    const wasIncomplete = candidates.verdict(key) === 'incomplete';
    switch (found.kind) {
      case 'object':
        return found.studyInstanceUID;
      case 'changed':
        return undefined;
      case 'foreign':
        candidates.judge(key, 'foreign');
        this.watch.tell();
        faults.addOnce('foreign', 'foreign', { file: file.rel });
        return undefined;
      case 'incomplete':
        // It has had its time: as what it is, it becomes a dead letter.
        if (wasIncomplete) return '';
        candidates.judge(key, 'incomplete');
        this.watch.lookIn(limits.incompleteMs);
        faults.addOnce('incomplete', 'incomplete', { file: file.rel, reason: found.reason });
        return undefined;
    }
  }

  notTaken(error: unknown, file = ''): void {
    const { code = '', message: reason } = error as NodeJS.ErrnoException;
    // Somebody has taken it away.
    if (code === 'ENOENT' || code === 'ENOTFILE' || code === 'ELOOP') return;
    this.watch.faults.addOnce(`notTaken ${code}`, 'notTaken', { file, reason });
  }
}
