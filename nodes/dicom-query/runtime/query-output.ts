import type { NodeAPI } from 'node-red';
import type { QueryMessage } from './key-values';

export type Send = (message: QueryMessage) => void;

/** Of the JSON of all matches of an array: as many as a message should carry. */
const MOST_CHARACTERS = 33_554_432;

/** Puts matches into messages. */
export interface QueryOutput {
  /** False: no more is to come. @param json of a DicomMessage */
  add(json: string): boolean;
  /** @param facts for `msg.dicom.query` */
  end(facts: object): void;
  /** There is no result. */
  fail(): void;
}

function matchOf(json: string): unknown {
  const { Tags = {} } = JSON.parse(json) as { Tags?: unknown };
  return Tags;
}

function withFacts(message: QueryMessage, facts: object): QueryMessage {
  const dicom = typeof message['dicom'] === 'object' ? message['dicom'] : {};
  message['dicom'] = { ...dicom, query: facts };
  return message;
}

/** One message with all of them. */
export class ArrayOutput implements QueryOutput {
  private readonly matches: unknown[] = [];
  private characters = 0;

  constructor(
    private readonly message: QueryMessage,
    private readonly send: Send,
  ) {}

  add(json: string): boolean {
    this.matches.push(matchOf(json));
    this.characters += json.length;
    return this.characters < MOST_CHARACTERS;
  }

  end(facts: object): void {
    this.message.payload = this.matches;
    this.send(withFacts(this.message, facts));
  }

  fail(): void {
    this.matches.length = 0;
  }
}

/**
 * A message for each, with `parts`, as the split node makes them. The last one has their number, and says that it is complete, so
 * each is held back until the next one is there.
 */
export class StreamOutput implements QueryOutput {
  private held: QueryMessage | undefined;
  private index = 0;
  private readonly base: QueryMessage;
  private readonly id: string;

  constructor(
    private readonly RED: NodeAPI,
    message: QueryMessage,
    private readonly send: Send,
  ) {
    // What the flow does to one message is not to be seen in another one.
    this.base = { ...message };
    delete this.base.payload;
    this.id = RED.util.generateId();
  }

  add(json: string): boolean {
    this.fail();
    const message = this.RED.util.cloneMessage(this.base);
    message.payload = matchOf(json);
    message['parts'] = { id: this.id, type: 'array', index: this.index };
    this.index += 1;
    this.held = message;
    return true;
  }

  end(facts: object): void {
    const { held } = this;
    const message: QueryMessage = held ?? { ...this.base, payload: [] };
    if (held !== undefined) held['parts'] = { ...(held['parts'] as object), count: this.index };
    message['complete'] = true;
    this.send(withFacts(message, facts));
  }

  fail(): void {
    if (this.held !== undefined) this.send(this.held);
    this.held = undefined;
  }
}
