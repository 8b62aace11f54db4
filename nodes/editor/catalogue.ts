import './red';

/** The texts of one node type, in the editor's language. */
export interface Catalogue {
  readonly text: (key: string, values?: Readonly<Record<string, unknown>>) => string;
  readonly hasText: (key: string) => boolean;
}

export function catalogue(type: string): Catalogue {
  const text: Catalogue['text'] = (key, values) =>
    RED._(`node-red-contrib-dicom/${type}:${type}.${key}`, values);
  return {
    text,
    // The editor gives a key that it does not have back, as it came or without its name space.
    hasText: (key) => !text(key).endsWith(`${type}.${key}`),
  };
}
