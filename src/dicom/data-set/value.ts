/** The component groups of a person name that are not empty (PS3.18 F.2.2). */
export interface PersonName {
  Alphabetic?: string;
  Ideographic?: string;
  Phonetic?: string;
}

/** One value in JSON. Empty values among several are null (PS3.18 F.2.5). */
export type Value = string | number | PersonName | null;

/** The first component group that a name has: "Doe^Jane". All of them are in Tags. */
export function nameText(name: PersonName | null): string | null {
  return name?.Alphabetic ?? name?.Ideographic ?? name?.Phonetic ?? null;
}
