import { types } from 'node:util';

/** What JSON makes of a Buffer: so it comes by MQTT and HTTP, and out of context that is kept in files. */
interface JsonBuffer {
  type: 'Buffer';
  data: unknown[];
}

/** More are not bytes of an object in a message. */
const MOST_BYTES = 536_870_912;
/** Of a member of an array in memory. */
const MEMBER_BYTES = 8;

/** How many bytes a value of a flow is that stands for bytes, as `bytesOf` takes it; undefined: it does not. */
export function byteCount(value: unknown): number | undefined {
  if (isByteArray(value) || types.isAnyArrayBuffer(value)) return value.byteLength;
  return isJsonBuffer(value) ? value.data.length : undefined;
}

/**
 * The bytes of a Buffer, of what JSON makes of one, of an array of bytes (from any of Node-RED's contexts), or of an ArrayBuffer;
 * undefined: it is none of these. They are the same memory, where that can be.
 */
export function bytesOf(value: unknown): Buffer | undefined {
  if (Buffer.isBuffer(value)) return value;
  if (isByteArray(value)) return bufferOn(value.buffer, value.byteOffset, value.byteLength);
  if (types.isAnyArrayBuffer(value)) return bufferOn(value, 0, value.byteLength);
  return isJsonBuffer(value) && areBytes(value.data) ? Buffer.from(value.data) : undefined;
}

/** Bytes of memory in which a value that stands for bytes is, with what is made of it; undefined: it does not. */
export function weightOfBytes(value: unknown): number | undefined {
  const count = byteCount(value);
  return count !== undefined && isJsonBuffer(value) ? (1 + MEMBER_BYTES) * count : count;
}

type ByteArray = Uint8Array | Uint8ClampedArray | DataView;

/** Numbers of more bytes may be meant in either byte order. */
const isByteArray = (value: unknown): value is ByteArray =>
  types.isUint8Array(value) || types.isUint8ClampedArray(value) || types.isDataView(value);

/** Memory that threads share may be written to at any time. */
function bufferOn(memory: ArrayBufferLike, offset: number, length: number): Buffer {
  const bytes = Buffer.from(memory, offset, length);
  return types.isSharedArrayBuffer(memory) ? Buffer.from(bytes) : bytes;
}

function isJsonBuffer(value: unknown): value is JsonBuffer {
  return (
    typeof value === 'object' &&
    value !== null &&
    'type' in value &&
    value.type === 'Buffer' &&
    'data' in value &&
    Array.isArray(value.data)
  );
}

function areBytes(data: readonly unknown[]): data is number[] {
  if (data.length > MOST_BYTES) return false;
  // Also where there is no member: `every` would leave that out.
  for (let at = 0; at < data.length; at += 1) if (!isByte(data[at])) return false;
  return true;
}

const isByte = (value: unknown): boolean =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0xff;
