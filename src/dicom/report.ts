import type { DataSet } from './data-set';

/** A structured report. */
export interface Report {
  Text: string;
}

export function report(_dataSet: DataSet): Report | undefined {
  return undefined;
}
