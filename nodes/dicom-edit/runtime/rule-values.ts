import type { Node, NodeAPI, NodeMessage } from 'node-red';
import { asError } from '../../../src/basics';
import { type ChangeValue, MAX_CHANGES_BYTES } from '../../../src/dicom';
import type { EvaluatedRule, RuleValue } from '../../../src/edit';
import { OPS_WITH_VALUE, type EditRule } from '../../../src/settings';
import { byteCount, bytesOf } from '../../runtime/objects';
import type { Text } from '../../runtime/node-texts';
import { boundedExpression } from './bounded-expression';
import { EditFailed } from './edit-error';
import { reasonText } from './rule-reasons';

type Prepared = ReturnType<NodeAPI['util']['prepareJSONataExpression']>;

/** Of arrays and objects within each other. */
const DEEPEST = 100;

/** Evaluates the values of a node's rules against a message: those that are no constants need Node-RED, and its thread. */
export class RuleValues {
  private readonly expressions = new Map<EditRule, Prepared>();

  /** @throws EditFailed `settingsInvalid`: an expression that is none */
  constructor(
    private readonly RED: NodeAPI,
    private readonly node: Node,
    private readonly rules: readonly EditRule[],
    private readonly text: Text,
  ) {
    rules.forEach((rule, index) => {
      if (rule.valueType === 'jsonata' && OPS_WITH_VALUE.includes(rule.op))
        this.expressions.set(rule, this.prepared(rule, index + 1));
    });
  }

  private prepared(rule: EditRule, number: number): Prepared {
    try {
      return boundedExpression(this.RED.util.prepareJSONataExpression(rule.value, this.node));
    } catch (error) {
      const problems = this.text('rule.problem', { rule: number, reason: asError(error).message });
      throw new EditFailed('settingsInvalid', { problems });
    }
  }

  /** @throws EditFailed where a value cannot be had, or there is none */
  async of(message: NodeMessage): Promise<EvaluatedRule[]> {
    const evaluated: EvaluatedRule[] = [];
    for (const [index, rule] of this.rules.entries()) {
      if (OPS_WITH_VALUE.includes(rule.op))
        evaluated.push({ rule, value: await this.evaluated(rule, index + 1, message) });
      else evaluated.push({ rule });
    }
    return evaluated;
  }

  private async evaluated(rule: EditRule, number: number, message: NodeMessage): Promise<RuleValue> {
    const failed = (reason: string): EditFailed =>
      // What an expression says of its failure may have values of the message in it.
      new EditFailed('noValue', { rule: number, path: rule.path, reason: reasonText(this.text, reason) }, '');
    const { valueType } = rule;
    let found: RuleValue | undefined;
    try {
      const value = await this.valueOf(rule, message);
      if (valueType === 'date' && typeof value === 'number') return { kind: 'time', at: value };
      if (value instanceof Date) return { kind: 'time', at: value.getTime() };
      const plain = plainValue(value);
      found = plain === undefined ? undefined : { kind: 'value', value: plain };
    } catch (error) {
      throw failed(asError(error).message);
    }
    if (found === undefined) throw failed(`${valueType}.${rule.value}`);
    return found;
  }

  private valueOf(rule: EditRule, message: NodeMessage): Promise<unknown> {
    const { value, valueType } = rule;
    const expression = this.expressions.get(rule);
    const { util } = this.RED;
    if (valueType === 'env' && !this.isSet(value)) return Promise.resolve(undefined);
    return new Promise((resolve, reject) => {
      const answered = (error: Error | null, result: unknown): void => {
        if (error === null || error === undefined) resolve(result);
        else reject(error);
      };
      if (expression !== undefined) util.evaluateJSONataExpression(expression, message, answered);
      else util.evaluateNodeProperty(value, valueType, this.node, message, answered);
    });
  }

  /** All variables of a text: Node-RED takes those that are not set for empty ones, and a rule would empty its attribute. */
  private isSet(text: string): boolean {
    const names = [...text.matchAll(/\$\{([^}]+)\}/g)].map(([, name = '']) => name);
    const all: unknown[] = (names.length > 0 ? names : [text]).map((name) =>
      this.RED.util.getSetting(this.node, name),
    );
    return !all.includes(undefined);
  }
}

/** A value is more than changes may be. */
export class ValueTooLarge extends Error {
  constructor() {
    super(`the value has more than ${MAX_CHANGES_BYTES} characters`);
  }
}

/**
 * A value of a message as plain data of its own, which can be posted to another thread: a Buffer as base64, a time as text.
 * @returns undefined where there is none in it
 * @throws ValueTooLarge
 */
export function plainValue(value: unknown): ChangeValue | boolean | undefined {
  if (typeof value === 'boolean') return value;
  let left = MAX_CHANGES_BYTES;
  const take = (bytes: number): void => {
    left -= bytes;
    if (left < 0) throw new ValueTooLarge();
  };
  const copied = (each: unknown, depth: number): ChangeValue | undefined => {
    take(typeof each === 'string' ? each.length : 4);
    if (depth > DEEPEST) return undefined;
    if (each === null || typeof each === 'string') return each;
    if (typeof each === 'number') return Number.isFinite(each) ? each : undefined;
    if (typeof each === 'bigint') return String(each);
    const bytes = byteCount(each);
    if (bytes !== undefined) {
      take(bytes);
      return bytesOf(each)?.toString('base64');
    }
    // The members of an array of numbers are looked at by nobody: there may be hundreds of millions.
    if (typeof each !== 'object' || ArrayBuffer.isView(each)) return undefined;
    // Nor are those of one that only says that it is long.
    if (Array.isArray(each) && each.length > left) throw new ValueTooLarge();
    if (Array.isArray(each)) return all(each.map((one: unknown) => copied(one, depth + 1)));
    const entries = Object.entries(each).map(([key, one]) => {
      take(key.length);
      return [key, copied(one, depth + 1)] as const;
    });
    return all(entries.map(([, one]) => one)) && Object.fromEntries(entries as [string, ChangeValue][]);
  };
  return copied(value, 0);
}

function all(values: readonly (ChangeValue | undefined)[]): ChangeValue[] | undefined {
  const there = values.filter((value) => value !== undefined);
  return there.length === values.length ? there : undefined;
}
