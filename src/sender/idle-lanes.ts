import type { Task } from './lane';

interface Idle {
  take(task: Task | undefined): void;
  timer: NodeJS.Timeout;
}

/** Lanes of a line that have nothing to do for now: each keeps its association for a while. */
export class IdleLanes {
  private readonly idle: Idle[] = [];

  get size(): number {
    return this.idle.length;
  }

  /** A lane waits for a task. Undefined: none has come, and the lane is to end. */
  linger(milliseconds: number): Promise<Task | undefined> {
    return new Promise((resolve) => {
      const idle: Idle = {
        take: (task) => {
          clearTimeout(idle.timer);
          resolve(task);
        },
        timer: setTimeout(() => {
          this.idle.splice(this.idle.indexOf(idle), 1);
          resolve(undefined);
        }, milliseconds),
      };
      this.idle.push(idle);
    });
  }

  /** Gives one of them a task. False: there is none, and the task has not been asked for. */
  use(task: () => Task): boolean {
    const idle = this.idle.pop();
    idle?.take(task());
    return idle !== undefined;
  }

  /** They wait for another time now. */
  lookAgain(): void {
    for (const idle of this.idle.splice(0)) idle.take({ kind: 'look' });
  }

  /** One of them is to end. */
  endOne(): void {
    this.idle.pop()?.take(undefined);
  }

  endAll(): void {
    for (const idle of this.idle.splice(0)) idle.take(undefined);
  }
}
