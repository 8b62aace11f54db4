import { uidName } from '../dicom';
import { hexStatus, type OpenOutcome } from '../network';
import type { OutgoingObject } from '../object';

/** Of rejections, by source and reason: the service user, and the service provider's parts for ACSE and presentation (PS3.8 Table 9-21). */
const REJECTIONS: Readonly<Record<string, string>> = {
  '1/1': 'no reason given',
  '1/2': 'application context not supported',
  '1/3': 'it does not accept our AE title (calling)',
  '1/7': 'it does not know its AE title (called)',
  '2/1': 'no reason given',
  '2/2': 'protocol version not supported',
  '3/1': 'it has too many associations now',
  '3/2': 'its local limit is exceeded',
};
/** A rejection that no further try changes (PS3.8 9.3.4). */
const PERMANENT = 1;

/** Rejections and failures that only another configuration ends. */
export function isConfiguration(opened: OpenOutcome): boolean {
  return opened.outcome === 'rejected' && opened.result === PERMANENT;
}

/** Why there is no association. */
export function openText(opened: Exclude<OpenOutcome, { outcome: 'opened' }>): string {
  if (opened.outcome === 'failed') return failureText(opened);
  const { result, source, reason } = opened;
  const words = REJECTIONS[`${source}/${reason}`];
  const numbers = `result ${result}, source ${source}, reason ${reason}`;
  return `association rejected: ${words === undefined ? numbers : `${words} (${numbers})`}`;
}

/** The same of a failure that has a code, in words where there are some for it. */
export function failureText({ code, text }: { code: string; text: string }): string {
  return FAILURES[code] ?? text;
}

/**
 * Why an object cannot be sent on an association: the peer takes its kind in no form, or not in this one.
 * @param notConverted why it cannot be converted; undefined: the settings of the peer do not allow what would do
 */
export function notAcceptedText(
  { sopClassUID, transferSyntaxUID }: Pick<OutgoingObject, 'sopClassUID' | 'transferSyntaxUID'>,
  notConverted?: string,
): string {
  const form = `the peer does not accept ${nameOf(sopClassUID)} in the object's transfer syntax (${nameOf(transferSyntaxUID)})`;
  return notConverted === undefined
    ? `${form}, nor in one into which Conversion in the peer's settings lets it be converted`
    : `${form}, and it cannot be converted: ${notConverted}`;
}

const nameOf = (uid: string): string => uidName(uid) ?? uid;

const FAILURES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused: nothing listens on that port',
  ENOTFOUND: 'the host name is not known',
  EAI_AGAIN: 'the host name cannot be looked up now',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network of the host cannot be reached',
  ECONNRESET: 'the peer reset the connection',
  EPIPE: 'the peer reset the connection',
  ETIMEDOUT: 'the connection timed out',
  CLOSED: 'the peer closed the connection without an answer',
};

/** Statuses of a response, and Failure Reasons (PS3.4 Table B.2-1, PS3.7 Annex C, PS3.3 C.14.1.1), by what their first digits say. */
const STATUS_WORDS: readonly (readonly [mask: number, value: number, words: string])[] = [
  [0xffff, 0x0000, 'success'],
  [0xffff, 0x0001, 'warning: requested optional attributes are not supported'],
  [0xffff, 0x0107, 'warning: attribute list error'],
  [0xffff, 0x0110, 'processing failure'],
  [0xffff, 0x0111, 'it has an object of that instance UID already'],
  [0xffff, 0x0112, 'it has no such object'],
  [0xffff, 0x0116, 'warning: attribute value out of range'],
  [0xffff, 0x0117, 'invalid object instance'],
  [0xffff, 0x0118, 'no such SOP class'],
  [0xffff, 0x0119, 'class and instance conflict'],
  [0xffff, 0x0122, 'SOP class not supported'],
  [0xffff, 0x0124, 'not authorized'],
  [0xffff, 0x0131, 'duplicate transaction UID'],
  [0xffff, 0x0210, 'duplicate invocation'],
  [0xffff, 0x0211, 'unrecognized operation'],
  [0xffff, 0x0212, 'mistyped argument'],
  [0xffff, 0x0213, 'resource limitation'],
  [0xffff, 0xb000, 'warning: coercion of data elements'],
  [0xffff, 0xb006, 'warning: elements discarded'],
  [0xffff, 0xb007, 'warning: data set does not match SOP class'],
  [0xff00, 0xa700, 'refused: out of resources'],
  [0xff00, 0xa900, 'data set does not match SOP class'],
  [0xf000, 0xc000, 'it cannot understand the object'],
  [0xf000, 0xb000, 'warning'],
];

/** A status in words, with its number. */
export function statusText(status: number): string {
  const [, , words] = STATUS_WORDS.find(([mask, value]) => (status & mask) === value) ?? [0, 0, 'failure'];
  return `${words} (${hexStatus(status)})`;
}
