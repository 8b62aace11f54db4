import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readSegment, type LoggedObject } from '../../../src/queue/log/log-reader';
import { parseSegmentName, type SegmentName } from '../../../src/queue/object-names';
import { realFiles } from '../../../src/basics/disk-files';
import type { ObjectContent } from '../../../src/queue';

/** The files of objects in a queue's directory, complete and half-written ones, without its lock and its dead letters. */
export function queuedFiles(directory: string): string[] {
  return readdirSync(directory).filter((name) => /\.(dcm|part)$/.test(name));
}

/** The segments of its log, oldest first, those that are kept because they are damaged, too. */
export function segmentFiles(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => /\.queue(\.damaged)?$/.test(name))
    .sort();
}

interface TestSegment extends SegmentName {
  path: string;
}

/** The objects that the log says are in the queue, by their ids. */
export function loggedObjects(directory: string): Map<string, LoggedObject<TestSegment>> {
  const objects = new Map<string, LoggedObject<TestSegment>>();
  for (const name of segmentFiles(directory)) {
    const facts = parseSegmentName(name);
    if (facts !== undefined) readIfThere({ ...facts, path: join(directory, name) }, objects);
  }
  return objects;
}

/** The queue may delete it at any moment: then nothing of it is in the queue. */
function readIfThere(segment: TestSegment, objects: Map<string, LoggedObject<TestSegment>>): void {
  try {
    readSegment(segment, { objects, parkings: new Map() }, realFiles);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** The objects in a queue's directory: ids of those in the log, names of those that are files. */
export function queuedObjects(directory: string): string[] {
  return [...loggedObjects(directory).keys(), ...queuedFiles(directory)];
}

/** The bytes of a queued object as text. */
export function textOf(content: ObjectContent): string {
  if (content.kind === 'memory') return content.bytes.copy(0, content.bytes.size).toString();
  return readFileSync(content.fd).toString();
}
