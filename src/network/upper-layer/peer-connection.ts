import type { Socket } from 'node:net';
import { Deadline } from '../../basics';

/** What a connection tells its association. */
export interface ConnectionListener {
  /** @param bytes valid during the call only */
  received(bytes: Buffer): void;
  /** What was left unread while it was held can be read now. */
  resumed(): void;
  /** @param error the system's, where there is one */
  lost(text: string, error?: Error): void;
}

/** Why nothing is read for now: an answer is being worked out, or the peer does not read what we sent. */
type Hold = 'work' | 'drain';

/**
 * A socket with back-pressure both ways and one timer: while anything holds it, the peer's bytes stay in the network,
 * not in our memory.
 */
export class PeerConnection {
  private readonly holds = new Set<Hold>();
  /** Promises that are not settled yet. */
  private working = 0;
  private readonly deadline = new Deadline();
  private isClosed = false;
  private whenWritten = (): void => undefined;
  private readonly written = (): void => {
    if (this.socket.writableLength === 0) this.whenWritten();
  };

  constructor(
    private readonly socket: Socket,
    private readonly listener: ConnectionListener,
  ) {
    socket.on('data', (bytes) => {
      if (!this.isClosed) listener.received(bytes);
    });
    socket.on('drain', () => this.release('drain'));
    socket.on('error', (error) => listener.lost(error.message, error));
    socket.on('close', () => listener.lost('the connection was closed'));
  }

  get isWorking(): boolean {
    return this.working > 0;
  }

  /** Nothing is to be read for now. */
  get isHeld(): boolean {
    return this.holds.size > 0;
  }

  send(bytes: Buffer): void {
    if (this.socket.writable && !this.socket.write(bytes)) this.hold('drain');
  }

  /**
   * Sends, and goes on reading. Returns undefined when the system has taken all of it, and the memory can be used again;
   * else a promise of that, which also resolves when the connection ends.
   */
  write(bytes: Buffer): Promise<void> | undefined {
    if (!this.socket.writable) return undefined;
    this.socket.write(bytes, this.written);
    // The system takes what it has room for at once, which is the rule.
    if (this.socket.writableLength === 0) return undefined;
    return new Promise((resolve) => (this.whenWritten = resolve));
  }

  /** Reads nothing until the promise is settled. */
  work(promise: Promise<unknown>): void {
    this.working += 1;
    this.hold('work');
    const done = (): void => {
      this.working -= 1;
      if (this.working === 0) this.release('work');
    };
    promise.then(done, done);
  }

  /** Replaces the timer. */
  expireAfter(milliseconds: number, expired: () => void): void {
    this.deadline.start(milliseconds, expired);
  }

  refreshTimer(): void {
    this.deadline.refresh();
  }

  stopTimer(): void {
    this.deadline.stop();
  }

  /** Sends what is still to be sent and then the end of our side. */
  end(): void {
    this.socket.end();
  }

  destroy(): void {
    this.isClosed = true;
    this.stopTimer();
    this.socket.destroy();
    this.whenWritten();
  }

  private hold(reason: Hold): void {
    if (this.isClosed) return;
    this.holds.add(reason);
    this.socket.pause();
  }

  private release(reason: Hold): void {
    if (!this.holds.delete(reason) || this.holds.size > 0 || this.isClosed) return;
    this.socket.resume();
    this.listener.resumed();
  }
}
