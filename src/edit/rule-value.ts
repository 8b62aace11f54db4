import { type ChangeValue, Kind, type Vr, VR } from '../dicom';

/** A rule's value after it was evaluated, as it goes to the worker. */
export type RuleValue =
  | { readonly kind: 'value'; readonly value: ChangeValue | boolean }
  /** Milliseconds since 1970: what is made of it depends on the attribute. */
  | { readonly kind: 'time'; readonly at: number };

/** Why a value cannot be made into one of an attribute, in words. */
export class ValueProblem extends Error {
  override readonly name = 'ValueProblem';
}

/** As changes have it. @param vr of the attribute, as far as it is known. @throws ValueProblem */
export function changeValueOf(given: RuleValue, vr: Vr | undefined): ChangeValue {
  if (given.kind === 'time') return timeValue(new Date(given.at), vr);
  const { value } = given;
  if (typeof value === 'boolean') return value ? 'YES' : 'NO';
  return isBinary(vr) ? asNumbers(value) : value;
}

/** A copy may be of another kind. */
export function copiedValue(value: ChangeValue, vr: Vr | undefined): ChangeValue {
  if (isBinary(vr)) return asNumbers(value);
  return isText(vr) ? mapped(value, (each) => (typeof each === 'number' ? String(each) : each)) : value;
}

/** In the time zone of this machine, which DT says. */
function timeValue(time: Date, vr: Vr | undefined): string {
  const two = (number: number): string => String(number).padStart(2, '0');
  const date = `${String(time.getFullYear()).padStart(4, '0')}${two(time.getMonth() + 1)}${two(time.getDate())}`;
  const milliseconds = String(time.getMilliseconds()).padStart(3, '0');
  const clock = `${two(time.getHours())}${two(time.getMinutes())}${two(time.getSeconds())}.${milliseconds}`;
  switch (vr) {
    case VR.DA:
      return date;
    case VR.TM:
      return clock;
    case VR.DT:
      return date + clock + zoneOf(time);
    default:
      throw new ValueProblem(
        'a date or time fits only attributes of VR DA, TM or DT; convert it to text for others',
      );
  }
}

function zoneOf(time: Date): string {
  const minutes = -time.getTimezoneOffset();
  const [hours, rest] = [Math.trunc(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  return `${minutes < 0 ? '-' : '+'}${String(hours).padStart(2, '0')}${String(rest).padStart(2, '0')}`;
}

/** Now, as DT. */
export const dateTimeOf = (at: number): string => timeValue(new Date(at), VR.DT);

function isBinary(vr: Vr | undefined): boolean {
  return vr?.kind === Kind.Binary;
}

/** Not DS and IS, which take numbers as they are. */
function isText(vr: Vr | undefined): boolean {
  const kinds = [Kind.Text, Kind.LongText, Kind.Name, Kind.Code, Kind.Uid, Kind.Uri];
  return vr !== undefined && kinds.includes(vr.kind);
}

/** Text that spells a number, as a text field of a dialog holds it; what a JSON number would change stays text. */
function asNumbers(value: ChangeValue): ChangeValue {
  return mapped(value, (each) => {
    if (typeof each !== 'string' || !/^\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?\s*$/.test(each))
      return each;
    const number = Number(each);
    return Number.isInteger(number) && !Number.isSafeInteger(number) ? each.trim() : number;
  });
}

function mapped(value: ChangeValue, change: (value: ChangeValue) => ChangeValue): ChangeValue {
  return Array.isArray(value) ? value.map(change) : change(value);
}
