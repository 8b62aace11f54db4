import type { DeadLetter } from '../../../src/admin-api';
import { sizeText } from '../numbers';
import { localTime, type Texts } from '../texts';

/**
 * What tells an operator which object a dead letter is, each with its label; what is not known is left out. The values come
 * from peers: they are no keys of the catalogue, and go into the page as text.
 */
export function deadLetterFacts(letter: DeadLetter, { text }: Texts): string[] {
  const { modality, sopClassName, sopClassUID, patientID, studyInstanceUID, sopInstanceUID } = letter;
  const { path, callingAET, peer, size, receivedAt, at, deliveries, attempts, crashes = 0, id } = letter;
  const facts: readonly [label: string, value: string | undefined][] = [
    ['deadLetters.file', path],
    ['deadLetters.patient', patientID],
    ['deadLetters.modality', modality],
    ['deadLetters.kind', sopClassName ?? sopClassUID],
    ['deadLetters.size', size === undefined ? undefined : sizeText(size)],
    ['deadLetters.sender', callingAET],
    ['deadLetters.peer', peer],
    ['deadLetters.received', receivedAt && localTime(receivedAt)],
    ['deadLetters.setAside', at && localTime(at)],
    attempts === undefined
      ? ['deadLetters.deliveries', String(deliveries)]
      : ['deadLetters.attempts', String(attempts)],
    ['deadLetters.crashes', crashes > 0 ? String(crashes) : undefined],
    ['deadLetters.study', studyInstanceUID],
    ['deadLetters.object', sopInstanceUID],
    ['deadLetters.id', id],
  ];
  return facts.flatMap(([label, value]) =>
    value === undefined || value === '' ? [] : [`${text(label)} ${value}`],
  );
}
