import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { Turns } from '../../../src/basics';

/** The system's lookups of names hold threads of Node's pool, which files need, too: this many at a time. */
const LOOKED_UP = 2;
/** Waiting for one. */
const MOST_WAITING = 1_000;

/** There are too many who wait. */
export class TooManyLookups extends Error {
  override readonly name = 'TooManyLookups';
}

/** Looks names of hosts up that messages have. */
class HostLookup {
  private readonly turns = new Turns(LOOKED_UP);
  private waiting = 0;
  /** By name: who asks meanwhile gets the same answer. */
  private readonly running = new Map<string, Promise<string[]>>();

  /** The addresses of a host, at least one; an address has itself. @throws TooManyLookups; the system's error */
  async addresses(host: string): Promise<string[]> {
    if (isIP(host) !== 0) return [host];
    if (this.waiting >= MOST_WAITING) throw new TooManyLookups('too many host names are being looked up');
    this.waiting += 1;
    try {
      const running = this.running.get(host) ?? this.begin(host);
      return await running;
    } finally {
      this.waiting -= 1;
    }
  }

  private begin(host: string): Promise<string[]> {
    const looking = this.turns
      .run(async () => (await lookup(host, { all: true })).map(({ address }) => address))
      .finally(() => this.running.delete(host));
    this.running.set(host, looking);
    return looking;
  }
}

export const hostLookup = new HostLookup();
