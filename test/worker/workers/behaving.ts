import { openSync, readSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { beat, waitForDisk } from '../../../src/basics';
import { serve, withMovingBytes } from '../../../src/worker';

/** A worker that does what it is told, however bad that is. */
export interface Behaviour {
  /** At each start of it. */
  atStart?: 'throw' | 'hang';
  /** When it is told to stop. */
  atStop?: 'ignore' | 'throw' | 'keep-timer';
}

export interface BehavingRequests {
  echo(text: string): string;
  fail(text: string): never;
  /** Gives bytes, and keeps them. */
  give(): { bytes: Uint8Array };
  /** How many of the bytes that it gave it still has. */
  kept(): number;
  never(): Promise<void>;
  die(code: number): never;
  throwLater(): void;
  /** An endless loop. */
  loop(): void;
  /** Waits for what never comes, without its event loop. */
  wait(): void;
  /** Works for so long without a turn of its event loop, and beats meanwhile, or does not. */
  work(milliseconds: number, beats: boolean): void;
  /** Opens and reads a pipe, as a disk that does not answer: in a call to the system that nobody can end. */
  read(pipe: string, isKnown: boolean): number;
  post(message: unknown): void;
  postAlone(message: unknown): void;
}

export type Said = { kind: 'said'; what: unknown };
export type Told = { kind: 'told'; what: string };

const forever = (): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);

serve<Behaviour, Told, Said, BehavingRequests>({
  isPatient: () => false,
  begin: ({ atStart, atStop }, outbox) => {
    if (atStart === 'throw') throw new Error('no start today');
    if (atStart === 'hang') forever();
    outbox.add({ kind: 'said', what: 'began' });
    const given = new Uint8Array([1, 2, 3]);
    const requests: BehavingRequests = {
      echo: (text) => text,
      fail: (text) => {
        throw new Error(text);
      },
      give: () => withMovingBytes({ bytes: given }, given),
      kept: () => given.length,
      never: () => new Promise(() => undefined),
      die: (code) => process.exit(code),
      throwLater: () => {
        setImmediate(() => {
          throw new Error('thrown later');
        });
      },
      loop: () => {
        for (;;);
      },
      wait: forever,
      work: (milliseconds, beats) => {
        const end = performance.now() + milliseconds;
        while (performance.now() < end) if (beats) beat();
      },
      read: (pipe, isKnown) => {
        const read = (): number => readSync(openSync(pipe, 'r'), Buffer.alloc(1));
        return isKnown ? waitForDisk(read) : read();
      },
      post: (message) => outbox.add(message as Said),
      postAlone: (message) => parentPort?.postMessage(message),
    };
    return {
      requests,
      message: ({ what }) => outbox.add({ kind: 'said', what }),
      stop: async () => {
        outbox.add({ kind: 'said', what: 'stopping' });
        if (atStop === 'throw') throw new Error('no stop today');
        if (atStop === 'ignore') await new Promise(() => undefined);
        if (atStop === 'keep-timer') setInterval(() => undefined, 1_000);
      },
    };
  },
});
