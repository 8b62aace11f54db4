import { finding, type Finding } from './finding';

export const RULE_OPS = [
  'set',
  'remove',
  'remove-private',
  'copy',
  'replace',
  'new-uid',
  'shift-date',
] as const;
export type RuleOp = (typeof RULE_OPS)[number];

/** Where a rule's value comes from: the types of Node-RED's typed input. */
export const VALUE_TYPES = [
  'str',
  'num',
  'bool',
  'json',
  'msg',
  'flow',
  'global',
  'env',
  'jsonata',
  'date',
] as const;
export type ValueType = (typeof VALUE_TYPES)[number];

export const RULE_TESTS = ['equals', 'exists', 'matches'] as const;

/** One rule of a `dicom-edit` node. Paths are those of changes, with `*` for all items. */
export interface EditRule {
  op: RuleOp;
  /** The attribute; empty in `remove-private`, which is about all. */
  path: string;
  /** Of a private attribute whose block is not known; in `remove-private`: of those that go. */
  privateCreator?: string;
  /** `copy`: the path of the source; `shift-date`: days. */
  value: string;
  valueType: ValueType;
  /** `replace`: what is replaced. */
  from?: string;
  fromType?: 'str' | 're';
  /** The rule is for objects, or items, of which this is true. */
  when?: { path: string; test: (typeof RULE_TESTS)[number]; value: string };
}

/** Ops that have a value which is evaluated. */
export const OPS_WITH_VALUE: readonly RuleOp[] = ['set', 'replace', 'shift-date'];
/** Types whose value says where to look: it must not be empty. */
const TYPES_OF_PLACES: readonly ValueType[] = ['msg', 'flow', 'global', 'env', 'jsonata'];

export const MOST_RULES = 1_000;
/** Characters of a pattern, and of any other text in a rule. */
export const LONGEST_PATTERN = 1_000;
const LONGEST_TEXT = 65_536;
export const MOST_DAYS = 36_500;

export type RuleCode =
  | 'rulesNotAList'
  | 'tooManyRules'
  | 'notARule'
  | 'ruleWithoutPath'
  | 'ruleWithoutValue'
  | 'ruleNotANumber'
  | 'ruleNotJson'
  | 'ruleNotDays'
  | 'rulePatternTooLong'
  | 'ruleTextTooLong';

/** What a rule says, completed: whatever else the flow has in it is left out. Undefined: it is none. */
export function readRule(raw: unknown): EditRule | undefined {
  if (!isObject(raw)) return undefined;
  const { op, valueType = 'str', fromType = 'str', when } = raw;
  if (!isOneOf(RULE_OPS, op) || !isOneOf(VALUE_TYPES, valueType)) return undefined;
  if (!isOneOf(['str', 're'] as const, fromType)) return undefined;
  const condition = when === undefined || when === null ? undefined : readCondition(when);
  if (when !== undefined && when !== null && condition === undefined) return undefined;
  const creator = text(raw['privateCreator']).trim();
  return {
    op,
    path: text(raw['path']).trim(),
    ...(creator !== '' && { privateCreator: creator }),
    value: text(raw['value']),
    valueType,
    ...(op === 'replace' && { from: text(raw['from']), fromType }),
    ...(condition && { when: condition }),
  };
}

function readCondition(raw: unknown): EditRule['when'] | undefined {
  if (!isObject(raw) || !isOneOf(RULE_TESTS, raw['test'])) return undefined;
  return { path: text(raw['path']).trim(), test: raw['test'], value: text(raw['value']) };
}

/** Those that are rules. @param raw as the flow has them, or as JSON text */
export function readRules(raw: unknown): EditRule[] {
  const list = listOf(raw);
  return (list ?? []).map(readRule).filter((rule) => rule !== undefined);
}

/** What can be seen without the dictionary. @param json the rules as JSON text */
export function checkRules(json: string): Finding<RuleCode>[] {
  const list = listOf(json);
  if (list === undefined) return [finding('rulesNotAList')];
  if (list.length > MOST_RULES) return [finding('tooManyRules', { max: MOST_RULES })];
  return list.flatMap((raw, index) => {
    const code = ruleProblem(readRule(raw));
    return code === undefined ? [] : [finding(code, { rule: index + 1, ...LIMITS[code] })];
  });
}

const LIMITS: Partial<Record<RuleCode, Finding['values']>> = {
  ruleNotDays: { max: MOST_DAYS },
  rulePatternTooLong: { max: LONGEST_PATTERN },
  ruleTextTooLong: { max: LONGEST_TEXT },
};

function ruleProblem(rule: EditRule | undefined): RuleCode | undefined {
  if (rule === undefined) return 'notARule';
  const { op, path, value, from = '', fromType, when } = rule;
  if ((op !== 'remove-private' && path === '') || when?.path === '') return 'ruleWithoutPath';
  const patterns = [fromType === 're' ? from : '', when?.test === 'matches' ? when.value : ''];
  if (patterns.some((pattern) => pattern.length > LONGEST_PATTERN)) return 'rulePatternTooLong';
  if ([path, value, from, when?.value ?? ''].some(({ length }) => length > LONGEST_TEXT))
    return 'ruleTextTooLong';
  if ((op === 'copy' && value.trim() === '') || (op === 'replace' && from === '')) return 'ruleWithoutValue';
  if (when?.test === 'matches' && when.value === '') return 'ruleWithoutValue';
  return OPS_WITH_VALUE.includes(op) ? valueProblem(rule) : undefined;
}

function valueProblem({ op, value, valueType }: EditRule): RuleCode | undefined {
  if (TYPES_OF_PLACES.includes(valueType) && value.trim() === '') return 'ruleWithoutValue';
  if (valueType === 'json' && !isJson(value)) return 'ruleNotJson';
  if (valueType === 'num' && (value.trim() === '' || !Number.isFinite(Number(value))))
    return 'ruleNotANumber';
  if (op === 'shift-date' && (valueType === 'str' || valueType === 'num') && daysOf(value) === undefined)
    return 'ruleNotDays';
  return undefined;
}

/** A whole number of days that a date may be shifted by; undefined: it is none. */
export function daysOf(value: unknown): number | undefined {
  const days = typeof value === 'string' && /^\s*[+-]?\d{1,9}\s*$/.test(value) ? Number(value) : value;
  return typeof days === 'number' && Number.isInteger(days) && Math.abs(days) <= MOST_DAYS ? days : undefined;
}

function isJson(value: string): boolean {
  try {
    JSON.parse(value);
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

function listOf(raw: unknown): unknown[] | undefined {
  if (typeof raw !== 'string') return Array.isArray(raw) ? (raw as unknown[]) : undefined;
  if (!isJson(raw)) return undefined;
  const parsed: unknown = JSON.parse(raw);
  return Array.isArray(parsed) ? (parsed as unknown[]) : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isOneOf<Choice extends string>(choices: readonly Choice[], value: unknown): value is Choice {
  return (choices as readonly unknown[]).includes(value);
}

/** Node-RED makes a number of an environment variable that looks like one. */
function text(value: unknown): string {
  if (typeof value === 'string') return value;
  return value === undefined || value === null ? '' : JSON.stringify(value);
}
