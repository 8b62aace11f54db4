/** How often each value is there. */
export class Distribution {
  /**
   * @param values in growing order
   * @param counts of each
   */
  constructor(
    private readonly values: Float64Array,
    private readonly counts: Uint32Array,
  ) {}

  /** The value below which this share of all lies, 0 to 1. Undefined: there are no values. */
  at(share: number): number | undefined {
    const total = this.counts.reduce((sum, count) => sum + count, 0);
    let left = Math.max(1, Math.ceil(share * total));
    for (let index = 0; index < this.values.length; index += 1) {
      left -= this.counts[index] ?? 0;
      if (left <= 0 && total > 0) return this.values[index];
    }
    return undefined;
  }
}

const BINS = 65_536;

/**
 * Of values of which there may be too many different ones: those that are near each other count as one. What is not finite is
 * not counted.
 */
export function distributionOf(values: Float64Array): Distribution {
  let [least, most] = [Infinity, -Infinity];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  if (least > most) return new Distribution(new Float64Array(), new Uint32Array());
  const step = (most - least) / (BINS - 1) || 1;
  const bins = new Uint32Array(BINS);
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    const bin = Math.round((value - least) / step);
    bins[bin] = (bins[bin] ?? 0) + 1;
  }
  return new Distribution(
    Float64Array.from(bins, (_, bin) => least + bin * step),
    bins,
  );
}
