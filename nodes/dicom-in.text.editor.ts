import type { Finding } from '../src/settings';
import './dicom-in.red.editor';

const CATALOGUE = 'node-red-contrib-dicom/dicom-in:dicom-in.';

/** A text of this node's catalogue, in the editor's language. */
export function text(key: string, values?: Readonly<Record<string, unknown>>): string {
  return RED._(CATALOGUE + key, values);
}

export function hasText(key: string): boolean {
  // The editor gives a key that it does not have back, as it came or without its name space.
  return !text(key).endsWith(`dicom-in.${key}`);
}

/** A finding in words. */
export function findingText({ code, values }: Pick<Finding, 'code' | 'values'>): string {
  return text(`problem.${code}`, values);
}
