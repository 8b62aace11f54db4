import type { Database } from '../database';

/** A notification costs a transaction of its own, and tells of all that has come since the last. */
const NOTIFY_MS = 20;

const OBJECTS = 'objects';
const ANSWERS = 'answers ';

export interface NoticeListener {
  /** Objects may wait. */
  objects(): void;
  /** Answers wait for senders of the instance with this run. */
  answers(run: number): void;
  failed(error: unknown): void;
}

/** What the instances of a queue tell each other through the database. Whoever does not hear it looks from time to time. */
export class Notices {
  private database: Database | undefined;
  private timer: NodeJS.Timeout | undefined;
  private readonly channel: string;

  constructor(
    { schema, queue }: { schema: string; queue: string },
    private readonly listener: NoticeListener,
  ) {
    // A name may have 63 bytes.
    this.channel = `dicom_${schema}_${queue}`.slice(0, 63);
  }

  begin(database: Database): void {
    this.database = database;
    database.listen(
      this.channel,
      (payload) => this.heard(payload),
      () => this.listener.objects(),
    );
  }

  private heard(payload: string): void {
    if (payload === OBJECTS) this.listener.objects();
    else if (payload.startsWith(ANSWERS)) this.listener.answers(Number(payload.slice(ANSWERS.length)));
  }

  /** Others hear soon of what has come. */
  objects(): void {
    if (this.database === undefined) return;
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.objectsNow();
    }, NOTIFY_MS);
  }

  objectsNow(): void {
    this.notify(OBJECTS);
  }

  answers(run: number): void {
    this.notify(`${ANSWERS}${run}`);
  }

  private notify(payload: string): void {
    this.database
      ?.rows('SELECT pg_notify($1, $2)', [this.channel, payload])
      // They look for it from time to time.
      .catch((error: unknown) => this.listener.failed(error));
  }

  /** What is waited for is not told any more. */
  quiet(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  end(): void {
    this.quiet();
    this.database = undefined;
  }
}
