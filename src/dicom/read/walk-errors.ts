import { DicomError } from '../errors';
import type { Frame } from './frame';

/** Something that was begun is cut off. @param text what the data set does, as `ends inside a sequence` */
export function endsInside(frame: Frame, position: number, text: string): DicomError {
  const code = frame.depth > 0 ? 'ends-inside-sequence' : 'ends-inside-element';
  return new DicomError(code, `the data set ${text} at byte ${position}`);
}

/** A length reaches beyond what is around it. */
export function reachesBeyond(frame: Frame, start: number, what: string): DicomError {
  let root = frame;
  while (root.parent !== undefined) root = root.parent;
  if (frame.limit === root.limit)
    return new DicomError(
      'ends-inside-element',
      `${what} at byte ${start} reaches beyond the end of the data set`,
    );
  const around = frame.isSequence ? 'sequence' : 'item';
  return new DicomError(
    `overruns-${around}`,
    `${what} at byte ${start} reaches beyond the ${around} around it`,
  );
}
