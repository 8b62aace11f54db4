import type { LetterFacts } from '../admin-api';
import { OnceInAWhile } from '../basics';

const ONCE_IN_MS = 600_000;

/** A fault that stops nothing. */
export interface RunningFault<Kind> {
  kind: Kind;
  /** Facts for the text. */
  values: Record<string, string | number>;
  object?: LetterFacts;
  down: false;
}

/** Faults of a queue and of its delivery while they run: people are told, and it goes on. */
export class RunningFaults<Kind extends string> {
  private readonly toldOf = new OnceInAWhile(ONCE_IN_MS);

  /** @param leftoverKind of what is left behind because a disk says no */
  constructor(
    private readonly leftoverKind: Kind,
    private readonly tell: (fault: RunningFault<Kind>) => void,
  ) {}

  add(kind: Kind, values: RunningFault<Kind>['values'], object?: LetterFacts): void {
    this.tell({ kind, values, down: false, ...(object && { object }) });
  }

  /** One that may come with every file is told once in a while. @param cause those with another one are told, too */
  addOnce(cause: string, kind: Kind, values: RunningFault<Kind>['values']): void {
    if (this.toldOf.passes(cause)) this.add(kind, values);
  }

  /** The same failure of a disk, which may come with every object, is told once in a while. */
  leftover(error: Error): void {
    const { code } = error as NodeJS.ErrnoException;
    const values = { reason: error.message };
    if (code === undefined) this.add(this.leftoverKind, values);
    else this.addOnce(code, this.leftoverKind, values);
  }
}
