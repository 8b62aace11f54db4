/**
 * Waking the other thread costs as much as what is posted, most of all where its processor sleeps: under load, one
 * wake-up every `INTERVAL_MS` carries all.
 */
const INTERVAL_MS = 5;
/** Full before that, it is posted at once: the other side is not to run dry. */
const MAX_BATCH = 16;
/** The other side takes a batch as a whole: its text and objects, which may be large, are not to come all at once. */
const MAX_BATCH_BYTES = 2_000_000;

/** What a message weighs. */
export interface Weight {
  /** Of text and objects in it. */
  bytes: number;
  /** Memory that moves to the other thread with the message. */
  transfer?: readonly ArrayBuffer[];
}

/**
 * What one thread posts to another, in order and in batches: the first message after a pause goes at once, those that
 * follow within `INTERVAL_MS` go together.
 */
export class Outbox<Message> {
  private messages: Message[] = [];
  private transfer: ArrayBuffer[] = [];
  private bytes = 0;
  private timer: NodeJS.Timeout | undefined;
  private postedAt = -Infinity;

  /** @param isPatient false: somebody waits for each message, so each goes at once */
  constructor(
    private readonly post: (messages: Message[], transfer: ArrayBuffer[]) => void,
    private readonly isPatient = true,
  ) {}

  add(message: Message, { bytes, transfer = [] }: Weight = { bytes: 0 }): void {
    if (this.bytes + bytes > MAX_BATCH_BYTES) this.flush();
    this.messages.push(message);
    this.bytes += bytes;
    this.transfer.push(...transfer);
    if (this.messages.length >= MAX_BATCH || this.bytes >= MAX_BATCH_BYTES) this.flush();
    else if (this.timer === undefined) this.schedule();
  }

  /** Posts what waits. */
  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.messages.length === 0) return;
    const { messages, transfer } = this;
    this.messages = [];
    this.transfer = [];
    this.bytes = 0;
    this.postedAt = performance.now();
    this.post(messages, transfer);
  }

  private schedule(): void {
    const wait = this.postedAt + INTERVAL_MS - performance.now();
    if (!this.isPatient || wait <= 0) this.flush();
    else this.timer = setTimeout(() => this.flush(), wait);
  }
}
