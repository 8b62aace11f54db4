import type { Connection, Query } from './client';

/**
 * A value of a statement: bytes that lie in pieces. They are sent from where they are (`InPlace`), and nobody may change them before
 * that is over.
 */
export class BytesInPieces {
  readonly length: number;

  constructor(readonly pieces: readonly Buffer[]) {
    this.length = pieces.reduce((sum, { length }) => sum + length, 0);
  }

  /** What the client asks for where it sends a value itself. */
  toPostgres(): Buffer {
    return Buffer.concat(this.pieces);
  }
}

/**
 * Sends values of a query that are in pieces without a copy. The client would make up to three of each, in memory that is new
 * each time: with objects of half a megabyte, all of the heap was collected for every eighth, which cost more than all the rest.
 */
export class InPlace {
  /**
   * Resolves when nothing of the values is to be sent any more, once the query is over: after an error only when its connection is
   * closed, too.
   */
  sent = Promise.resolve();

  /** Those of this query, which has not been sent yet. */
  sends(query: Query): void {
    const submit = query.submit.bind(query);
    query.submit = (connection) => submit(this.withBind(connection));
  }

  private withBind(connection: Connection): Connection {
    const bind = (binding: Binding): void => {
      const { stream } = connection;
      if (!stream.writable) return;
      const parts = bindMessage(binding);
      this.sent = new Promise((resolve) => {
        parts.slice(0, -1).forEach((part) => stream.write(part));
        // Also called where it cannot be written.
        stream.write(parts.at(-1) ?? '', () => resolve());
      });
    };
    return Object.create(connection, { bind: { value: bind } }) as Connection;
  }
}

/** What the client's query has bound. */
export interface Binding {
  portal?: string;
  statement?: string;
  values?: readonly unknown[];
  /** What rows come back as. */
  binary?: boolean;
  /** Makes text, or bytes that are sent in binary form, or null. */
  valueMapper(this: void, value: unknown): unknown;
}

/** `B`: PostgreSQL's documentation, "Message Formats", Bind. */
const BIND = 0x42;

/** The message, in parts. Bytes of values in pieces are parts of it, and not copied. */
export function bindMessage(binding: Binding): Buffer[] {
  const { portal = '', statement = '', values = [], binary = false, valueMapper } = binding;
  const fields = values.map((value) => fieldOf(value, valueMapper));
  const message = new Parts();
  message.add(int16(fields.length), ...fields.map(({ isBinary }) => int16(isBinary ? 1 : 0)));
  message.add(int16(fields.length));
  for (const { length, pieces } of fields) message.add(int32(length), ...pieces);
  // All columns of the result have the same form.
  message.add(int16(1), int16(binary ? 1 : 0));
  const names = Buffer.from(`${portal}\0${statement}\0`);
  const length = int32(LENGTH_BYTES + names.length + message.length);
  return [Buffer.concat([Buffer.from([BIND]), length, names]), ...message.take()];
}

const LENGTH_BYTES = 4;
/** Below that, a copy costs less than a part of its own. */
const PART_BYTES = 1_024;

/** Small ones are joined. */
class Parts {
  length = 0;
  private readonly parts: Buffer[] = [];
  private small: Buffer[] = [];

  add(...all: readonly Buffer[]): void {
    for (const bytes of all) {
      this.length += bytes.length;
      if (bytes.length < PART_BYTES) this.small.push(bytes);
      else this.parts.push(...this.takeSmall(), bytes);
    }
  }

  take(): Buffer[] {
    return [...this.parts, ...this.takeSmall()];
  }

  private takeSmall(): Buffer[] {
    const { small } = this;
    this.small = [];
    return small.length === 0 ? [] : [Buffer.concat(small)];
  }
}

interface Field {
  isBinary: boolean;
  /** -1: NULL. */
  length: number;
  pieces: readonly Buffer[];
}

const NULL: Field = { isBinary: false, length: -1, pieces: [] };

function fieldOf(value: unknown, map: Binding['valueMapper']): Field {
  if (value instanceof BytesInPieces) return { isBinary: true, length: value.length, pieces: value.pieces };
  const mapped = map(value);
  if (mapped === null || mapped === undefined) return NULL;
  const isBinary = mapped instanceof Buffer;
  const bytes = isBinary ? mapped : Buffer.from(mapped as string);
  return { isBinary, length: bytes.length, pieces: [bytes] };
}

function int16(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(LENGTH_BYTES);
  bytes.writeInt32BE(value);
  return bytes;
}
