import './red';

/** The texts of one node type, in the editor's language: its own, and those that all dialogs share (`locales/`). */
export interface Texts {
  readonly type: string;
  readonly text: (key: string, values?: Readonly<Record<string, unknown>>) => string;
  readonly hasText: (key: string) => boolean;
}

export function nodeTexts(type: string): Texts {
  const text: Texts['text'] = (key, values) => RED._(`node-red-contrib-dicom/${type}:${type}.${key}`, values);
  return {
    type,
    text,
    // The editor gives a key that it does not have back, as it came or without its name space.
    hasText: (key) => !text(key).endsWith(`${type}.${key}`),
  };
}

/** In the reader's own format; unchanged if it is not a time. */
export function localTime(at: string): string {
  const time = new Date(at);
  return Number.isNaN(time.getTime()) ? at : time.toLocaleString();
}
