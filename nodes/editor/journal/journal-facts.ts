import type { JournalOutcome, ListedEntry } from '../../../src/admin-api';
import { sizeText } from '../numbers';
import { localTime, type Texts } from '../texts';

/** The words of each outcome, and how it looks. */
export const OUTCOMES: Readonly<Record<JournalOutcome, { key: string; look: string }>> = {
  received: { key: 'journal.received', look: 'dicom-good' },
  refused: { key: 'journal.refused', look: 'dicom-bad' },
  'dead-letter': { key: 'journal.deadLetter', look: 'dicom-bad' },
  sent: { key: 'journal.sent', look: 'dicom-good' },
  warning: { key: 'journal.warning', look: 'dicom-remark dicom-warning' },
  failed: { key: 'journal.failed', look: 'dicom-bad' },
};

/** What became of the object. */
export function outcomeText({ outcome, text: words, status }: ListedEntry, { text }: Texts): string {
  // That it is one, the outcome says.
  const why = words?.replace(/^warning: /, '');
  // Words that come with a status mostly name it.
  const number = status === undefined || why?.includes(status) === true ? '' : ` (${status})`;
  return `${text(OUTCOMES[outcome].key)}${why === undefined ? '' : `: ${why}`}${number}`;
}

/** What tells people which object it is, each with its label; what is not known is left out. The values come from peers. */
export function journalFacts(entry: ListedEntry, { text }: Texts): string[] {
  const { at, peer, callingAET, calledAET, remoteAddress, sopClassName, sopClassUID, bytes } = entry;
  const { attempts, milliseconds, patientID, patientName, sopInstanceUID } = entry;
  const facts: readonly [label: string, value: string | undefined][] = [
    ['journal.at', localTime(at)],
    ['journal.peer', peer],
    ['journal.caller', callingAET],
    ['journal.called', calledAET],
    ['journal.address', remoteAddress],
    ['journal.patient', patientID],
    ['journal.patientName', patientName],
    ['journal.kind', sopClassName ?? sopClassUID],
    ['journal.size', bytes === undefined ? undefined : sizeText(bytes)],
    ['journal.attempts', attempts === undefined ? undefined : String(attempts)],
    ['journal.time', milliseconds === undefined ? undefined : `${milliseconds.toLocaleString()} ms`],
    ['journal.object', sopInstanceUID],
  ];
  return facts.flatMap(([label, value]) =>
    value === undefined || value === '' ? [] : [`${text(label)} ${value}`],
  );
}
