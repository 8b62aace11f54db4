/** What a node keeps of the receiver that was imported, so that an export has all that it had. */
import { parseJson } from './json-parser';
import { printJson } from './json-printer';
import type { JsonObject } from './json-tree';
import type { ReceiverValues } from './receiver-fields';
import { writeReceiver } from './receiver-json';

/** What a node keeps of a receiver: its JSON in one line. */
export function keep(receiver: JsonObject): string {
  return printJson(receiver);
}

/** What a node kept; undefined where it keeps nothing, or nothing that can be read. */
export function kept(imported: string): JsonObject | undefined {
  const parsed = parseJson(imported);
  return 'tree' in parsed && parsed.tree.kind === 'object' ? parsed.tree : undefined;
}

/**
 * What a node keeps from now on, with these settings: nothing of a value that was replaced, such as a sample message
 * with somebody's name, stays in the flow file.
 */
export function updateKept(values: ReceiverValues, imported: string): string {
  const receiver = kept(imported);
  return receiver === undefined ? imported : keep(writeReceiver(values, receiver));
}

/** The JSON to take to Integration Soup. */
export function exportReceiver(values: ReceiverValues, imported: string): string {
  return printJson(writeReceiver(values, kept(imported)), 2);
}
