import {
  ALL_ITEMS,
  ChangeError,
  type ChangeValue,
  type Content,
  type ConversionWarning,
  EditedObject,
  Kind,
  lookUp,
  nameKey,
  type ParsedDataSet,
  PathError,
  type PathStep,
  rulePath,
  type RuleStep,
  type Scalar,
  tagHex,
  isUidOfStandard,
  valueOfContent,
  type Vr,
  VR,
} from '../dicom';
import { daysOf, MOST_DAYS, type EditRule } from '../settings';
import { newUidFor } from './new-uid';
import { PatternError, Patterns, replaceText } from './patterns';
import { changeValueOf, copiedValue, type RuleValue, ValueProblem } from './rule-value';
import { shiftedDate } from './shift-date';

/** A rule whose value was evaluated. */
export interface EvaluatedRule {
  readonly rule: EditRule;
  /** Undefined: it has none. */
  readonly value?: RuleValue;
}

/** A rule cannot be applied, or its result cannot. */
export class RuleFailed extends Error {
  override readonly name = 'RuleFailed';
  readonly code = 'cannot-change';
  constructor(
    /** From 1 on, as the dialog counts them. */
    readonly rule: number,
    /** The attribute. */
    readonly path: string,
    readonly reason: string,
  ) {
    super(`rule ${rule}${path === '' ? '' : `, ${path}`}: ${reason}`);
  }
}

/** What rules come to in one object. */
export interface RuleResults {
  readonly object: EditedObject;
  /** The rule, from 1 on, that each operation is of. */
  readonly ruleOf: number[];
  readonly warnings: ConversionWarning[];
}

/**
 * Applies rules to an object, each to what the ones before it have left.
 * @param parsed the object; its values are not changed
 * @throws RuleFailed
 */
export function applyRules({ root }: ParsedDataSet, rules: readonly EvaluatedRule[]): RuleResults {
  const run = new RuleRun(new EditedObject(root));
  rules.forEach((each, index) => run.apply(each, index + 1));
  return run;
}

class RuleRun implements RuleResults {
  readonly ruleOf: number[] = [];
  readonly warnings: ConversionWarning[] = [];

  readonly #patterns = new Patterns();
  /**
   * Of the rule that is being applied: what it has found where `*` is any item, by the path. That is the same for all that the
   * rule is about; to look each time would take the product of two sequences.
   */
  readonly #conditions = new Map<string, boolean>();
  readonly #sources = new Map<string, Content | undefined>();

  constructor(readonly object: EditedObject) {}

  apply(evaluated: EvaluatedRule, number: number): void {
    const { rule } = evaluated;
    this.#conditions.clear();
    this.#sources.clear();
    try {
      if (rule.op === 'remove-private') this.#removePrivate(rule);
      else this.#toEach(evaluated, rulePath(rule.path, rule.privateCreator ?? ''));
    } catch (error) {
      throw ruleFailed(error, number, rule.path);
    }
    while (this.ruleOf.length < this.object.operations.length) this.ruleOf.push(number);
  }

  #removePrivate({ when, privateCreator }: EditRule): void {
    if (this.#holds(when, [])) this.object.removePrivate(privateCreator);
  }

  #toEach(evaluated: EvaluatedRule, steps: readonly RuleStep[]): void {
    // First all conditions: the rule itself may change what they look at.
    const paths = this.object.paths(steps).filter((path) => this.#holds(evaluated.rule.when, path));
    for (const path of paths) this.#toOne(evaluated, path);
  }

  #toOne({ rule, value }: EvaluatedRule, path: readonly PathStep[]): void {
    const { op } = rule;
    switch (op) {
      case 'set':
        if (value !== undefined) this.#set(path, changeValueOf(value, this.#vrOf(path)));
        break;
      case 'remove':
        this.object.remove(path);
        break;
      case 'copy':
        this.#copy(rulePath(rule.value, ''), path);
        break;
      case 'replace':
        this.#replace(rule, textOf(value), path);
        break;
      case 'new-uid':
        this.#newUid(path);
        break;
      case 'shift-date':
        this.#shift(path, value);
        break;
      case 'remove-private':
        break;
    }
  }

  #set(path: readonly PathStep[], value: ChangeValue): void {
    const name = path.at(-1)?.name;
    const vr = this.#vrOf(path);
    const isPlain = typeof value !== 'object' || Array.isArray(value);
    // What PS3.6 does not know says its VR, which the object has.
    const needsVr = name !== undefined && vr !== undefined && knownVr(path) === undefined && isPlain;
    const values = Array.isArray(value) ? value : value === null ? [] : [value];
    this.object.set(path, needsVr && vr.kind !== Kind.Bytes ? { vr: vr.name, Value: values } : value);
  }

  /** What it is by PS3.6, or else as the object has it. */
  #vrOf(path: readonly PathStep[]): Vr | undefined {
    const known = knownVr(path);
    if (known !== undefined && Object.values<Vr>(VR).includes(known)) return known;
    const content = this.object.get(path);
    return content !== undefined && content.kind !== 'items' ? (content.vr ?? known) : known;
  }

  /** Nothing to copy changes nothing. */
  #copy(from: readonly RuleStep[], path: readonly PathStep[]): void {
    const name = path.at(-1)?.name;
    const content = onceForAll(this.#sources, bound(from, path), (steps) => this.#first(steps));
    if (content === undefined || name === undefined) return;
    const value = valueOfContent(name, content);
    if (value === undefined) throw new ValueProblem('the value of its source is too long to be copied');
    this.object.set(path, copiedValue(value, knownVr(path)));
  }

  /** Of the first item that has the attribute. */
  #first(steps: readonly RuleStep[]): Content | undefined {
    for (const path of this.object.paths(steps)) {
      const content = this.object.get(path);
      if (content !== undefined) return content;
    }
    return undefined;
  }

  #replace({ from = '', fromType }: EditRule, replacement: string, path: readonly PathStep[]): void {
    this.#eachText(path, 'text can be replaced only in attributes that hold text', (text) =>
      fromType === 're'
        ? this.#patterns.replace(from, text, replacement)
        : replaceText(from, text, replacement),
    );
  }

  /** UIDs of PS3.6 are names of kinds, and stay. */
  #newUid(path: readonly PathStep[]): void {
    const vr = this.#vrOf(path);
    if (vr !== undefined && vr !== VR.UI) throw new ValueProblem(`VR ${vr.name} is not UI: it has no UIDs`);
    this.#eachText(path, 'it has no UIDs', (uid) => (isUidOfStandard(uid) ? uid : newUidFor(uid)));
  }

  #shift(path: readonly PathStep[], given: RuleValue | undefined): void {
    const days = daysOf(given?.kind === 'value' ? given.value : undefined);
    if (days === undefined)
      throw new ValueProblem(`the value is not a whole number of days up to ${MOST_DAYS}`);
    const vr = this.#vrOf(path);
    // A time of day has no date.
    if (vr === undefined || vr === VR.TM) return;
    if (vr !== VR.DA && vr !== VR.DT)
      throw new ValueProblem(`VR ${vr.name} is neither DA nor DT: it has no date`);
    this.#eachText(path, 'it has no date', (text) => {
      const shifted = shiftedDate(vr, text, days);
      if (shifted === undefined) this.#warn('date-not-shifted', path, 'not a whole date; it was not shifted');
      return shifted ?? text;
    });
  }

  /** Changes each value of an attribute, if it is there. @param otherwise what is wrong where it is none of text */
  #eachText(path: readonly PathStep[], otherwise: string, change: (text: string) => string): void {
    const content = this.object.get(path);
    const name = path.at(-1)?.name;
    if (content === undefined || name === undefined) return;
    if (content.kind === 'bytes' && content.base64 === undefined)
      throw new ValueProblem('its value is too long to be changed');
    if (content.kind !== 'values' || content.values.some((value) => typeof value === 'number'))
      throw new ValueProblem(otherwise);
    const values = content.values.map((value) => (typeof value === 'string' ? change(value) : value));
    const isChanged = values.some((value, index) => value !== content.values[index]);
    const value = isChanged ? valueOfContent(name, { ...content, values }) : undefined;
    if (value !== undefined) this.object.set(path, value);
  }

  /** @param path of what the rule is about: its items are those of the condition, as far as both go through the same sequences */
  #holds(when: EditRule['when'], path: readonly PathStep[]): boolean {
    if (when === undefined) return true;
    const steps = bound(rulePath(when.path, ''), path);
    return onceForAll(this.#conditions, steps, () => this.#holdsFor(steps, when));
  }

  #holdsFor(steps: readonly RuleStep[], { test, value }: NonNullable<EditRule['when']>): boolean {
    const contents = this.object.paths(steps).map((each) => this.object.get(each));
    if (test === 'exists') return contents.some(hasValue);
    if (test === 'equals' && value === '') return !contents.some(hasValue);
    return contents.some((content) => content !== undefined && this.#isTrue(content, test, value));
  }

  /** Of any of its values, or of all in a row as they are sent. */
  #isTrue(content: Content, test: 'equals' | 'matches', wanted: string): boolean {
    if (content.kind !== 'values') return false;
    const texts = content.values.map((value) => (value === null ? '' : String(value)));
    if (test === 'matches') return texts.some((text) => this.#patterns.isMatching(wanted, text));
    if (texts.includes(wanted) || texts.join('\\') === wanted) return true;
    return isNumeric(content) && content.values.some((value) => isSameNumber(value, wanted));
  }

  #warn(code: ConversionWarning['code'], path: readonly PathStep[], text: string): void {
    this.warnings.push({ code, path: tagPath(path), text });
  }
}

/** A path whose `*` is the item of another one, as far as that goes through the same sequences. */
function bound(steps: readonly RuleStep[], path: readonly PathStep[]): RuleStep[] {
  let isSame = true;
  return steps.map((step, index) => {
    const other = path[index];
    isSame &&= other !== undefined && nameKey(other.name) === nameKey(step.name);
    const item = isSame && step.item === ALL_ITEMS ? (other?.item ?? step.item) : step.item;
    isSame &&= item === other?.item;
    return { name: step.name, item };
  });
}

/** What is found at a path; where it has a `*` left, found once. */
function onceForAll<Found>(
  known: Map<string, Found>,
  steps: readonly RuleStep[],
  find: (steps: readonly RuleStep[]) => Found,
): Found {
  if (!steps.some(({ item }) => item === ALL_ITEMS)) return find(steps);
  const key = JSON.stringify(steps);
  const before = known.get(key);
  if (before !== undefined || known.has(key)) return before as Found;
  const found = find(steps);
  known.set(key, found);
  return found;
}

function hasValue(content: Content | undefined): boolean {
  switch (content?.kind) {
    case undefined:
      return false;
    case 'items':
      return content.items.length > 0;
    case 'bytes':
      return content.base64 !== '';
    case 'values':
      return content.values.length > 0;
  }
}

function isNumeric({ vr }: { vr: Vr | undefined }): boolean {
  return vr !== undefined && [Kind.Decimal, Kind.Integer, Kind.Binary].includes(vr.kind);
}

function isSameNumber(value: Scalar, wanted: string): boolean {
  return value !== null && wanted.trim() !== '' && Number(value) === Number(wanted);
}

function knownVr(path: readonly PathStep[]): Vr | undefined {
  const name = path.at(-1)?.name;
  return name === undefined || name.creator !== undefined ? undefined : lookUp(name.tag)?.vr;
}

function textOf(given: RuleValue | undefined): string {
  const value = given?.kind === 'value' ? given.value : undefined;
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new ValueProblem('the replacement is not a text');
}

/** As warnings name a place. */
function tagPath(path: readonly PathStep[]): string {
  return path.map(({ name, item }) => tagHex(name.tag) + (item === undefined ? '' : `[${item}].`)).join('');
}

function ruleFailed(error: unknown, rule: number, path: string): unknown {
  if (error instanceof ChangeError) {
    const at = typeof error.place === 'object' ? error.place.path : path;
    return new RuleFailed(rule, at, error.reason);
  }
  if (error instanceof PathError || error instanceof PatternError || error instanceof ValueProblem)
    return new RuleFailed(rule, path, error.message);
  return error;
}
