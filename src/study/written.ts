import type { DicomChanges } from '../dicom';
import type { FiringName } from './firing-name';
import { hashOf, objectRecord } from './group';
import type { LogRecord, StudyObject } from './records';

/** Keys of which it is remembered. */
const MOST_KEYS = 1_000;
/** Texts of one key. */
const MOST_TEXTS = 200;
/** Digits of a hash by which operations are numbered: exact as a number, and no two in a firing are the same. */
const NUMBER_DIGITS = 12;

interface Writing {
  firing: FiringName;
  texts: Set<string>;
}

/** An object, as it is noted. */
export interface ObjectNote {
  records: LogRecord[];
  /** Of the changes in it. */
  bytes: number;
  /** What must have been noted for the same firing before; undefined: nothing. */
  firing: FiringName | undefined;
}

/**
 * What this instance has already noted for the next firing of a key, of what many objects share: so it is noted once. Others note it
 * once more.
 */
export class Written {
  private readonly keys = new Map<string, Writing>();

  /** @param anew as if nothing had been noted */
  noteOf(object: StudyObject, anew: boolean): ObjectNote {
    const written = anew ? undefined : this.keys.get(object.key);
    const { changes } = object;
    const records = sharedRecords(object).filter((record) => !written?.texts.has(textHash(record)));
    const operations = records.find((record) => 'operations' in record);
    const number = changes && numberOf(changes);
    return {
      records: [...records, objectRecord(object, { number, t: 0, study: '', isKnown: false })],
      bytes: operations === undefined ? 0 : Buffer.byteLength(JSON.stringify(operations)),
      firing: written?.firing,
    };
  }

  /** It has been noted for this firing. */
  noted({ key }: StudyObject, { records }: ObjectNote, { group, number }: FiringName): void {
    const before = this.keys.get(key);
    const isSame = before?.firing.group === group && before.firing.number === number;
    const texts = isSame && before.texts.size < MOST_TEXTS ? before.texts : new Set<string>();
    for (const record of records) if (!('i' in record)) texts.add(textHash(record));
    this.keys.delete(key);
    this.keys.set(key, { firing: { group, number }, texts });
    const [oldest] = this.keys.keys();
    if (this.keys.size > MOST_KEYS && oldest !== undefined) this.keys.delete(oldest);
  }
}

/** What other objects may have, too. */
function sharedRecords({ study, seriesInstanceUID, series, changes }: StudyObject): LogRecord[] {
  return [
    { study },
    { series: seriesInstanceUID, fields: series },
    ...(changes === undefined ? [] : [{ operations: changes.operations, number: numberOf(changes) }]),
  ];
}

const textHash = (record: LogRecord): string => hashOf(JSON.stringify(record));

const numberOf = ({ operations }: DicomChanges): number =>
  Number.parseInt(
    Buffer.from(hashOf(JSON.stringify(operations)), 'base64url')
      .toString('hex')
      .slice(0, NUMBER_DIGITS),
    16,
  );
