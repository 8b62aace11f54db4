/** What a unit of work costs as something grows. */
export interface Curve {
  title: string;
  /** What grows. */
  x: string;
  /** The unit of the cost. */
  y: string;
  points: readonly { x: number; label: string; cost: number; memoryMB: number }[];
}
