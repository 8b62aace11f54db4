/** In years; who is older may be known by that. */
const OLDEST = 89;

/** An age as AS has it, of more than 89 years as 90 (45 CFR 164.514 (b)(2)(i)(C)); undefined: it is none. */
export function cappedAge(text: string): string | undefined {
  const [, number, unit] = /^(\d{3})([DWMY])$/.exec(text) ?? [];
  if (number === undefined) return undefined;
  return unit === 'Y' && Number(number) > OLDEST ? '090Y' : text;
}
