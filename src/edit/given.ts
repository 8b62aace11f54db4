import type { MessagePort } from 'node:worker_threads';
import type { DicomChanges } from '../dicom';
import { expected, openBytes, openFile, openHandle, type OutgoingObject } from '../object';
import { remoteHandle, type OpenedObject } from '../queue';

/** Where the object lies that a request is about. One of a queue has been opened for the reader at the other end of a port. */
export type GivenPlace =
  | { kind: 'file'; path: string }
  | { kind: 'bytes'; bytes: Uint8Array }
  | { kind: 'opened'; object: OpenedObject };

/** The object of a request. */
export interface Given {
  place: GivenPlace;
  /** What is found there must be this object; undefined: whatever it is, or what `changes` say. */
  sopInstanceUID?: string;
  /** Pending: the object is the changed one. */
  changes?: DicomChanges;
}

/**
 * Opens what a request is about, with its pending changes.
 * @param port to the queue that has it; undefined: none has it
 * @param inParts as `openHandle`; not for one with pending changes
 * @throws DicomError, ObjectDamaged, ObjectChanged, or the system's error
 */
export async function openGiven(
  given: Given,
  port: MessagePort | undefined,
  inParts = false,
): Promise<OutgoingObject> {
  return expected(given, await openPlace(given.place, port, inParts));
}

function openPlace(
  place: GivenPlace,
  port: MessagePort | undefined,
  inParts: boolean,
): Promise<OutgoingObject> {
  switch (place.kind) {
    case 'file':
      return openFile(place.path);
    case 'bytes':
      return openBytes(Buffer.from(place.bytes.buffer, place.bytes.byteOffset, place.bytes.byteLength));
    case 'opened':
      if (port === undefined) throw new Error('an object of a queue is read through a port');
      return openHandle(remoteHandle(place.object, port), inParts);
  }
}
