import { localTime } from '../../editor';
import type { DeadLetter } from './dead-letter-requests';
import { text } from './form';

/**
 * What tells an operator which object a dead letter is, each with its label; what is not known is left out. The values come
 * from peers: they are no keys of the catalogue, and go into the page as text.
 */
export function deadLetterFacts(letter: DeadLetter): string[] {
  const { modality, sopClassName, sopClassUID, patientID, studyInstanceUID, sopInstanceUID } = letter;
  const { callingAET, size, receivedAt, at, deliveries, crashes = 0, id } = letter;
  const facts: readonly [label: string, value: string | undefined][] = [
    ['deadLetters.patient', patientID],
    ['deadLetters.modality', modality],
    ['deadLetters.kind', sopClassName ?? sopClassUID],
    ['deadLetters.size', size === undefined ? undefined : sizeText(size)],
    ['deadLetters.sender', callingAET],
    ['deadLetters.received', receivedAt && localTime(receivedAt)],
    ['deadLetters.setAside', at && localTime(at)],
    ['deadLetters.deliveries', String(deliveries)],
    ['deadLetters.crashes', crashes > 0 ? String(crashes) : undefined],
    ['deadLetters.study', studyInstanceUID],
    ['deadLetters.object', sopInstanceUID],
    ['deadLetters.id', id],
  ];
  return facts.flatMap(([label, value]) =>
    value === undefined || value === '' ? [] : [`${text(label)} ${value}`],
  );
}

const UNITS = ['KB', 'MB', 'GB'];

/** 1 KB is 1000 bytes. */
function sizeText(bytes: number): string {
  let size = bytes / 1_000;
  let unit = 0;
  for (; size >= 1_000 && unit < UNITS.length - 1; unit += 1) size /= 1_000;
  return `${size.toLocaleString(undefined, { maximumFractionDigits: size < 10 ? 1 : 0 })} ${UNITS[unit]}`;
}
