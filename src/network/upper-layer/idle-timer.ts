import type { PeerConnection } from './peer-connection';

/**
 * This many bytes of a PDU count as progress before it ends: a long one may take longer than the idle timeout, and one that drips
 * byte by byte is idle.
 */
const PROGRESS_BYTES = 4_096;

/** Ends an open association that brings no content. It is the connection's timer while it runs. */
export class IdleTimer {
  /** Bytes of content since the timer was begun anew: empty fragments do not keep an association alive. */
  private bytes = 0;

  constructor(
    private readonly connection: PeerConnection,
    /** 0: it never does. */
    private readonly seconds: number,
    private readonly expired: () => void,
  ) {}

  start(): void {
    this.bytes = 0;
    if (this.seconds === 0) this.stop();
    else this.connection.expireAfter(this.seconds * 1_000, this.expired);
  }

  stop(): void {
    this.connection.stopTimer();
  }

  /** Content has come. */
  progress(bytes: number): void {
    this.bytes += bytes;
    if (this.bytes >= PROGRESS_BYTES) this.refresh();
  }

  pduEnds(): void {
    if (this.bytes > 0) this.refresh();
  }

  private refresh(): void {
    this.bytes = 0;
    if (this.seconds > 0) this.connection.refreshTimer();
  }
}
