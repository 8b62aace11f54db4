import type { Finding, ProblemCode } from './checks';
import type { Problem } from './parse';

/** English sentences for the runtime's log and errors; the editor has the same codes in its locales. */
const SENTENCES: Record<ProblemCode, string> = {
  required: 'a value is needed',
  notANumber: '"{value}" is not a whole number',
  outOfRange: '{value} is outside {min} to {max}',
  notAChoice: '"{value}" is none of: {choices}',
  aeTitleTooLong: 'AE title "{token}" has more than {max} characters',
  aeTitleCharacter:
    'AE title "{token}" has a character that DICOM does not allow (backslash, control, non-ASCII)',
  aeTitleWildcard: '"{token}" is compared literally; only a "*" of its own accepts any AE title',
  emptyAllowList: 'the list is empty, so every caller is rejected; enter AE titles, or * for anyone',
  notAnAddress: '"{value}" is not an IP address of this machine; leave empty to listen on all interfaces',
  notAHostRange: '"{token}" is neither an IP address nor a CIDR range such as 10.1.0.0/16',
  notAUid: '"{token}" is not a UID',
  templateKeyword: '"{token}" is not a DICOM keyword in braces, such as {StudyInstanceUID}',
  templateTraversal: '"{value}" must be relative, without ".."',
  directoryNeeded: 'a directory is needed to write files to',
  tlsNeeded: 'a client certificate can only be asked for over TLS; choose a TLS configuration',
  nothingIncluded: 'no section is chosen, so msg.payload is an empty object',
};

/** One finding in English. */
export function describeFinding({ code, values }: Finding): string {
  return SENTENCES[code].replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** One problem in English, with the property it is about. */
export function describeProblem(problem: Problem): string {
  return `${problem.field}: ${describeFinding(problem)}`;
}
