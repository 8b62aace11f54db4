import {
  ChangeError,
  checkOperation,
  expectSettable,
  formatPath,
  Kind,
  lookUp,
  PathError,
  type PathStep,
  rulePath,
  TAG,
  type Vr,
  VR,
} from '../dicom';
import type { EditRule } from '../settings';
import { checkPattern, PatternError } from './patterns';
import { changeValueOf, type RuleValue, ValueProblem } from './rule-value';

/** What an object cannot be without. */
const IDENTITY: ReadonlySet<number> = new Set([TAG.SOPClassUID, TAG.SOPInstanceUID]);

/**
 * What is wrong with a rule, as far as that can be seen without an object: keywords, values that do not fit their VR, patterns.
 * @returns in words; undefined: nothing
 */
export function ruleProblem(rule: EditRule): string | undefined {
  try {
    check(rule);
    return undefined;
  } catch (error) {
    if (error instanceof ChangeError) return error.reason;
    if (error instanceof PathError || error instanceof PatternError || error instanceof ValueProblem)
      return error.message;
    throw error;
  }
}

function check(rule: EditRule): void {
  const { op, path, privateCreator = '', value, from = '', fromType, when } = rule;
  if (when !== undefined) {
    rulePath(when.path, '');
    if (when.test === 'matches') checkPattern(when.value);
  }
  if (op === 'remove-private') return;
  const steps = rulePath(path, privateCreator).map(({ name, item }): PathStep => ({
    name,
    item: item === undefined ? item : 0,
  }));
  if (op !== 'remove') for (const { name } of steps) expectSettable(name);
  const { tag = 0, creator } = steps.at(-1)?.name ?? {};
  const known = creator === undefined ? lookUp(tag)?.vr : undefined;
  if (op === 'remove' || !IDENTITY.has(tag)) checkOperation({ op: 'remove', path: formatPath(steps) });
  switch (op) {
    case 'set':
      checkValue(rule, steps, known);
      break;
    case 'copy':
      rulePath(value, '');
      break;
    case 'replace':
      expectKind(
        known,
        (vr) => !NOT_TEXT.includes(vr.kind),
        'text can be replaced only in attributes that hold text',
      );
      if (fromType === 're') checkPattern(from);
      break;
    case 'new-uid':
      expectKind(known, (vr) => vr === VR.UI, 'only attributes of VR UI have UIDs');
      if (tag === TAG.SOPClassUID)
        throw new ValueProblem('it names an SOP class, which cannot be replaced by a new UID');
      break;
    case 'shift-date':
      expectKind(known, (vr) => DATES.includes(vr), 'only attributes of VR DA and DT have dates');
      break;
    case 'remove':
      break;
  }
}

const NOT_TEXT: readonly Kind[] = [Kind.Binary, Kind.Tag, Kind.Bytes, Kind.Sequence];
const DATES: readonly Vr[] = [VR.DA, VR.DT, VR.TM];

function expectKind(known: Vr | undefined, isRight: (vr: Vr) => boolean, otherwise: string): void {
  if (known !== undefined && !isRight(known))
    throw new ValueProblem(`${otherwise}; this one has ${known.name}`);
}

/** Only what PS3.6 knows: of others, the object may say the VR. */
function checkValue(rule: EditRule, steps: readonly PathStep[], known: Vr | undefined): void {
  const given = constantOf(rule);
  if (known === undefined || given === undefined) return;
  checkOperation({ op: 'set', path: formatPath(steps), value: changeValueOf(given, known) });
}

/** Undefined: it depends on the message, or on when. */
function constantOf({ value, valueType }: EditRule): RuleValue | undefined {
  switch (valueType) {
    case 'str':
      // What Node-RED replaces at start is not known before.
      return value.includes('${') ? undefined : { kind: 'value', value };
    case 'num':
      return { kind: 'value', value: Number(value) };
    case 'bool':
      return { kind: 'value', value: value === 'true' };
    case 'json':
      return { kind: 'value', value: JSON.parse(value) as never };
    case 'date':
      return value === '' || value === 'object' ? { kind: 'time', at: 0 } : undefined;
    default:
      return undefined;
  }
}
