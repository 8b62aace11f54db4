import type { NodeAPI } from 'node-red';
import type { Problem } from '../../src/settings';

/** A text of a node type's catalogue, in Node-RED's language, with values put in. */
export type Text = (key: string, values?: Record<string, string | number>) => string;

export function nodeTexts(RED: NodeAPI, type: string): Text {
  // By its full name: what one type's node says of a setting of another type is in the other one's catalogue.
  return (key, values) => RED._(`node-red-contrib-dicom/${type}:${type}.${key}`, values);
}

/** What keeps a node with these settings from its work, each as words. */
export function errorTexts(text: Text, problems: readonly Problem[]): string[] {
  return problems.filter(({ severity }) => severity === 'error').map((problem) => problemText(text, problem));
}

/** What is wrong with a setting, in words. */
export function problemText(text: Text, { field, code, values }: Problem): string {
  return `${text(`label.${field}`)}: ${text(`problem.${code}`, values)}`;
}
