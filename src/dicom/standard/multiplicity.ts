/** How many values an attribute has (PS3.5 6.4): from `least` to `most`, in steps. */
export interface Multiplicity {
  /** As PS3.6 has it: `1`, `2-2n`. */
  readonly text: string;
  readonly least: number;
  /** Infinity: there is no limit. */
  readonly most: number;
  /** 2 of `2-2n`: two values belong together. */
  readonly step: number;
}

const known = new Map<string, Multiplicity>();

/** @param text as PS3.6 has it */
export function multiplicity(text: string): Multiplicity {
  const found = known.get(text) ?? parsed(text);
  known.set(text, found);
  return found;
}

function parsed(text: string): Multiplicity {
  const [first = '', last = first] = text.split('-');
  const isOpen = last.endsWith('n');
  // `n` alone is any further value.
  return {
    text,
    least: Number(first),
    most: isOpen ? Infinity : Number(last),
    step: isOpen ? Number(last.slice(0, -1) || 1) : 1,
  };
}

/** An attribute without a value has no count. */
export function allowsCount({ least, most, step }: Multiplicity, count: number): boolean {
  return count === 0 || (count >= least && count <= most && (count - least) % step === 0);
}
