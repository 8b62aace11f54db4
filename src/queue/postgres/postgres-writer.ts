import type { PartFile } from '../files';
import type { ObjectContent, ObjectFacts, QueueWriter } from '../object-queue';
import { refusal, refusing } from '../refusal';

/** Writes an object on this machine; when it is complete, it goes into the database. */
export class PostgresWriter implements QueueWriter {
  private isOver = false;

  /**
   * @param put resolves when the database has it
   * @param over told when the part is not needed any more
   */
  constructor(
    private readonly part: PartFile,
    private readonly put: (facts: ObjectFacts) => Promise<string>,
    private readonly over: () => void,
  ) {}

  append(bytes: Buffer): void {
    refusing(() => this.part.append(bytes));
  }

  content(): ObjectContent {
    return refusing(() => this.part.content());
  }

  async complete(facts: ObjectFacts = {}): Promise<string> {
    try {
      return await this.put(facts);
    } catch (error) {
      throw refusal(error);
    } finally {
      this.discard();
    }
  }

  discard(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.over();
    this.part.discard();
  }
}
