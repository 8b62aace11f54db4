import type { Finding } from '../src/settings';
import { catalogue } from './catalogue.editor';

/** The texts of this node's catalogue. */
export const { text, hasText } = catalogue('dicom-in');

/** A finding in words. */
export function findingText({ code, values }: Pick<Finding, 'code' | 'values'>): string {
  return text(`problem.${code}`, values);
}
