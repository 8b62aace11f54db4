import { createHash } from 'node:crypto';
import type { FiringReason, LogRecord, ObjectRecord, StudyObject } from './records';
import { isMet, type TriggerFacts, type TriggerSettings } from './triggers';
import { UidSet } from './uid-set';

/** UTF-8 bytes of the changes of one firing, of which equal ones are there once. */
export const MOST_CHANGES = 8_000_000;
/** Of what is only looked at: the first ones, or the last ones, are enough. */
const MOST_STUDIES = 64;
const MOST_ASSOCIATIONS = 64;
const MOST_PRESENT = 1_000;
const LONGEST_PRESENT = 64;
/** A message names no more. */
export const MOST_NAMED = 20_000;

/** The changes of a firing would have more bytes than `MOST_CHANGES`. */
export class ChangesTooLarge extends Error {
  override readonly name = 'ChangesTooLarge';
}

/** A firing that has not been acknowledged, or of which not all objects have been let go. */
export interface Firing {
  number: number;
  reason: FiringReason;
  /** ISO 8601 */
  at: string;
  /** Where its records begin and end in the log. */
  from: number;
  to: number;
  /** Different objects that had come at all when it was cut. */
  objects: number;
  /** How often its message has been sent before. */
  sent: number;
  /** What it was acknowledged with; undefined: it has not been. */
  status: { status: number; comment?: string } | undefined;
  /** Its objects may not be parked: an earlier run ended. */
  isUnsure: boolean;
  /** Names of objects that their queues did not have. */
  lost: Set<string>;
  /** Where objects of UIDs that came before stand, unless their records say so. */
  resent: ReadonlySet<number>;
  /** When it is to be sent again, monotonic; undefined: it is not. */
  againAt?: number;
}

/** What has come since the last firing. */
export class Period {
  objects = 0;
  bytes = 0;
  startedAt = 0;
  lastAt = 0;
  notBefore = -Infinity;
  /** It would be complete, but for what was waiting elsewhere when that was last asked. */
  isHeldUp = false;
  /** ISO 8601 */
  first: string | undefined;
  last: string | undefined;
  readonly studies = new Set<string>();
  readonly associations = new Set<string>();
  readonly callingAETs = new Set<string>();
  /** Of their queues. */
  readonly nodes = new Set<string>();
  readonly series = new UidSet();
  /** Numbers of operations, by the hash of their text. */
  readonly operations = new Map<string, number>();
  operationBytes = 0;
  study = '';
  counted: number | undefined;
  /** Being taken on. */
  readonly parking = new Set<Promise<void>>();
  readonly lost = new Set<string>();
  readonly resent = new Set<number>();
  isUnsure = false;

  /** @param number of the firing that it will be; @param from where its records begin */
  constructor(
    readonly number: number,
    readonly from: number,
  ) {}
}

/** A study, a series, or whatever else is collected: what memory has of it. Its objects are in the log. */
export class Group {
  readonly uids = new UidSet();
  period = new Period(1, 0);
  readonly firings = new Map<number, Firing>();
  /** Modalities and series descriptions, in capitals. */
  readonly present = new Set<string>();
  /** For people. */
  readonly modalities = new Set<string>();
  /** By a message. */
  expected: number | undefined;
  named: readonly string[] | undefined;
  /** So many of them have come, from the first one on: what has come need not be looked for again. */
  private namedThere = 0;
  wasMet = false;
  /** It is to be sent as soon as possible. */
  isWanted = false;
  /** With this, what has not been listed is to be given up. */
  forgottenWith: { status: number; comment?: string } | undefined;
  /** Nothing of it is in the log. */
  isNew = true;
  /** Something of it is in the log. */
  isSafe = false;
  /** What memory has of it is not what the log has, which cannot be read now. */
  isStale = false;
  /** Somebody is asking whether it is complete. */
  isAsking = false;
  /** Nobody asks before; monotonic. */
  askAt = -Infinity;
  /** When it was last of interest; monotonic. */
  usedAt: number;

  constructor(
    readonly id: string,
    readonly key: string,
    readonly by: string,
    now: number,
  ) {
    this.usedAt = now;
  }

  /** Nothing of it waits, for more or for an acknowledgement. */
  get isDone(): boolean {
    return this.period.objects === 0 && this.firings.size === 0;
  }

  facts(now: number, { countsOfObjects }: TriggerSettings): TriggerFacts {
    const { period, uids, named, wasMet, present } = this;
    return {
      now,
      pending: period.objects,
      objects: uids.size,
      startedAt: period.startedAt,
      lastAt: period.lastAt,
      notBefore: period.notBefore,
      expected: this.expected ?? (countsOfObjects ? period.counted : undefined),
      hasAllNamed: wasMet || named === undefined ? undefined : this.hasAll(named),
      wasMet,
      hasAssociations: period.associations.size > 0,
      present,
    };
  }

  /** What the log says of an object. Nothing has changed yet. @throws ChangesTooLarge */
  recordsOf(object: StudyObject, now: number): LogRecord[] {
    const { period } = this;
    const records: LogRecord[] = [];
    if (period.objects === 0) records.push({ study: object.study });
    if (!period.series.has(object.seriesInstanceUID))
      records.push({ series: object.seriesInstanceUID, fields: object.series });
    const { changes } = object;
    let number: number | undefined;
    if (changes !== undefined) {
      const text = JSON.stringify(changes.operations);
      number = period.operations.get(hashOf(text));
      if (number === undefined) {
        if (period.operationBytes + Buffer.byteLength(text) > MOST_CHANGES) throw new ChangesTooLarge();
        number = period.operations.size;
        records.push({ operations: changes.operations, number });
      }
    }
    const t = period.objects === 0 ? 0 : Math.max(0, Math.round(now - period.startedAt));
    records.push(
      objectRecord(object, { number, t, study: period.study, isKnown: this.uids.has(object.sopInstanceUID) }),
    );
    return records;
  }

  /**
   * Takes a record in, when it comes and when it is read again.
   * @param at where it begins in the log
   * @param cameAt monotonic
   */
  take(record: LogRecord, at: number, cameAt: number, settings: TriggerSettings): void {
    const { period } = this;
    if ('i' in record) this.takeObject(record, at, cameAt);
    else if ('series' in record) {
      period.series.add(record.series);
      const { Modality: modality, SeriesDescription: description } = record.fields;
      for (const name of [modality, description]) this.isPresent(name);
      if (typeof modality === 'string' && modality.length <= LONGEST_PRESENT)
        addUpTo(this.modalities, modality, MOST_STUDIES);
    } else if ('operations' in record) {
      const text = JSON.stringify(record.operations);
      period.operations.set(hashOf(text), record.number);
      period.operationBytes += Buffer.byteLength(text);
    } else if ('expect' in record) {
      this.expected = record.expect > 0 ? record.expect : undefined;
      this.named = record.instances;
      this.namedThere = 0;
      this.wasMet = record.met === true;
    } else if ('extend' in record) period.notBefore = cameAt + record.extend;
    else if ('fired' in record) this.fired(record, at, settings);
    else if ('acknowledged' in record) {
      const firing = this.firings.get(record.acknowledged);
      if (firing !== undefined) firing.status = record.status;
    } else if ('released' in record) this.firings.delete(record.released);
    else if ('known' in record) this.period = new Period(record.known + 1, at);
    else if ('uids' in record) this.uids.addAll(record.uids);
    else if ('present' in record) for (const name of record.present) this.isPresent(name);
    else if ('lost' in record) this.lostFrom(record.of)?.add(record.lost);
    else if ('fire' in record) this.isWanted = this.period.objects > 0;
    else if ('forget' in record) this.forgottenWith = record.forget;
  }

  private hasAll(named: readonly string[]): boolean {
    while (this.namedThere < named.length && this.uids.has(named[this.namedThere] ?? ''))
      this.namedThere += 1;
    return this.namedThere >= named.length;
  }

  /** Names of objects of a firing, or of what will be one, that their queues did not have. */
  private lostFrom(number: number): Set<string> | undefined {
    return this.period.number === number ? this.period.lost : this.firings.get(number)?.lost;
  }

  private takeObject(record: ObjectRecord, at: number, cameAt: number): void {
    const { period } = this;
    if (!this.uids.add(record.i) && record.r === undefined) period.resent.add(at);
    if (period.objects === 0) period.startedAt = cameAt;
    period.objects += 1;
    period.bytes += record.b ?? 0;
    period.startedAt = Math.min(period.startedAt, cameAt);
    period.lastAt = Math.max(period.lastAt, cameAt);
    if (record.st !== undefined) period.study = record.st;
    addUpTo(period.studies, period.study, MOST_STUDIES);
    if (record.ae !== undefined) addUpTo(period.callingAETs, record.ae, MOST_STUDIES);
    if (record.as !== undefined) addLast(period.associations, record.as, MOST_ASSOCIATIONS);
    const name = record.q ?? record.a;
    // It may have come in vain before.
    if (name !== undefined) period.lost.delete(name);
    if (name !== undefined) addUpTo(period.nodes, name.slice(0, name.lastIndexOf(':')), MOST_STUDIES);
    if (record.e !== undefined) period.counted = record.e;
    if (record.at !== undefined) {
      period.first = period.first === undefined || record.at < period.first ? record.at : period.first;
      period.last = period.last === undefined || record.at > period.last ? record.at : period.last;
    }
  }

  private isPresent(value: unknown): void {
    if (typeof value !== 'string' || value.length > LONGEST_PRESENT || this.present.size >= MOST_PRESENT)
      return;
    this.present.add(value.trim().toUpperCase());
  }

  /** What has come is a firing; what comes from now on will be the next one. */
  private fired(
    { fired: number, reason, at: firedAt }: Extract<LogRecord, { fired: number }>,
    at: number,
    settings: TriggerSettings,
  ): void {
    const { period } = this;
    const { objects, expected, hasAllNamed } = this.facts(0, settings);
    this.wasMet ||= isMet(settings, { objects, expected, hasAllNamed });
    this.firings.set(number, {
      number,
      reason,
      at: firedAt,
      from: period.from,
      to: at,
      objects: this.uids.size,
      sent: 0,
      status: undefined,
      isUnsure: period.isUnsure,
      lost: period.lost,
      resent: period.resent,
    });
    this.isWanted = false;
    this.period = new Period(number + 1, at);
  }
}

/** @param facts `number` of its operations; `t`: since the first object; `study`: of the object before it */
export function objectRecord(
  object: StudyObject,
  { number, t, study, isKnown }: { number: number | undefined; t: number; study: string; isKnown: boolean },
): ObjectRecord {
  const { changes, studyInstanceUID: st } = object;
  const record: Record<string, unknown> = {
    i: object.sopInstanceUID,
    s: object.seriesInstanceUID,
    st: st === study ? undefined : st,
    c: object.sopClassUID,
    x: object.transferSyntaxUID,
    b: object.size,
    n: object.instanceNumber,
    q: object.queueId,
    f: object.filename,
    p: object.file,
    a: object.acknowledgeId,
    o: number,
    of: changes?.of,
    at: object.receivedAt,
    ae: object.callingAET,
    as: object.associationId,
    e: object.counted,
    r: isKnown ? 1 : undefined,
    t,
  };
  // What is undefined is not written.
  return record as unknown as ObjectRecord;
}

/** Of a text, to tell it from others. */
export const hashOf = (text: string): string =>
  createHash('sha256').update(text).digest('base64url').slice(0, 22);

function addUpTo(set: Set<string>, value: string, most: number): void {
  if (set.size < most) set.add(value);
}

/** The oldest one makes room. */
function addLast(set: Set<string>, value: string, most: number): void {
  set.add(value);
  if (set.size <= most) return;
  const [oldest] = set;
  if (oldest !== undefined) set.delete(oldest);
}
