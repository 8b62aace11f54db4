import { readFileSync, readdirSync } from 'node:fs';
import type { ObjectContent } from '../../src/queue';

/** The objects in a queue's directory, complete and half-written ones, without its lock and its dead letters. */
export function queuedFiles(directory: string): string[] {
  return readdirSync(directory).filter((name) => /\.(dcm|part)$/.test(name));
}

/** The bytes of a queued object as text. */
export function textOf(content: ObjectContent): string {
  if (content.kind === 'memory') return content.bytes.copy(0, content.bytes.size).toString();
  return readFileSync(content.fd).toString();
}
