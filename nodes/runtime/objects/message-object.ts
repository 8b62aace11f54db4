import { isAbsolute } from 'node:path';
import type { NodeMessage } from 'node-red';
import { type DicomChanges, plainChanges } from '../../../src/dicom';
import type { ObjectPlace } from '../../../src/sender';
import { bytesOf, weightOfBytes } from './message-bytes';

/** The parts of a message that say which object it is about. Flows may have put anything there. */
export interface ObjectMessage extends NodeMessage {
  filename?: unknown;
  peer?: unknown;
  dicom?: {
    object?: unknown;
    queueId?: unknown;
    acknowledgeId?: unknown;
    file?: unknown;
    sopInstanceUID?: unknown;
    receivedAt?: unknown;
    changes?: unknown;
    sent?: unknown;
    stored?: unknown;
  };
}

/** What a message says of its object, where it says something. */
export function factsIn({ dicom }: ObjectMessage): NonNullable<ObjectMessage['dicom']> {
  return typeof dicom === 'object' && dicom !== null && !ArrayBuffer.isView(dicom) ? dicom : {};
}

/** Where the object of a message lies. */
export interface MessageObject {
  place: ObjectPlace;
  /** What it must be; undefined: the message does not say. */
  sopInstanceUID?: string;
}

/** What is found first of what DESIGN's order has. Undefined: the message names no object. */
export function objectOf(
  message: ObjectMessage,
  objectFrom: 'message' | 'payload',
): MessageObject | undefined {
  const { dicom } = message;
  const expected = typeof dicom?.sopInstanceUID === 'string' ? { sopInstanceUID: dicom.sopInstanceUID } : {};
  if (objectFrom === 'payload') {
    const bytes = bytesIn(message.payload);
    return bytes && { place: { kind: 'bytes', bytes }, ...expected };
  }
  const bytes = bytesOf(dicom?.object);
  if (bytes !== undefined) return { place: { kind: 'bytes', bytes }, ...expected };
  if (typeof dicom?.queueId === 'string')
    return { place: { kind: 'queue', queueId: dicom.queueId }, ...expected };
  const path = message.filename ?? dicom?.file;
  if (typeof path === 'string' && isAbsolute(path)) return { place: { kind: 'file', path }, ...expected };
  return undefined;
}

/** The name by which the object's queue knows it, also where the object is read elsewhere. Undefined: there is none. */
export function queueNameOf({ dicom }: ObjectMessage): string | undefined {
  const name = dicom?.queueId ?? dicom?.acknowledgeId;
  return typeof name === 'string' ? name : undefined;
}

/**
 * Changes that are to be applied on the way, which also say of which object; undefined: none.
 * @throws DicomError `changes-invalid`
 */
export function changesOf({ dicom }: ObjectMessage): DicomChanges | undefined {
  const { changes } = dicom ?? {};
  return changes === undefined || changes === null ? undefined : plainChanges(changes);
}

/** Bytes of what a message holds while it waits: its Buffers, and its JSON as text. Never throws. */
export function weightOf(message: ObjectMessage): number {
  const { payload, dicom } = message;
  const object = weightOfBytes(dicom?.object) ?? 0;
  const bytes = weightOfBytes(payload);
  if (bytes !== undefined) return object + bytes;
  const text = typeof payload === 'string' ? payload.length : jsonWeight(payload);
  return object + text + jsonWeight(dicom?.changes);
}

/** What has no JSON, such as circles and what throws when it is read: nobody knows how large it is. */
const UNKNOWN_WEIGHT = 1_000_000;

/** Characters of the JSON of what a flow has made. */
export function jsonWeight(value: unknown): number {
  try {
    return (JSON.stringify(value) as string | undefined)?.length ?? 0;
  } catch {
    return UNKNOWN_WEIGHT;
  }
}

/** Without space behind it: two parts that both take spaces would be tried at each of them. */
const BASE64 = /^[A-Za-z0-9+/\s]*={0,2}$/;

/** Bytes, as `bytesOf` takes them, or base64 text of them; undefined: neither. */
export function bytesIn(payload: unknown): Buffer | undefined {
  const given = bytesOf(payload);
  if (given !== undefined) return given;
  if (typeof payload !== 'string' || !BASE64.test(payload.trimEnd())) return undefined;
  const bytes = Buffer.from(payload, 'base64');
  return bytes.length > 0 ? bytes : undefined;
}
