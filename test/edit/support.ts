import { readFileSync } from 'node:fs';
import {
  bufferSource,
  type ChangeOperation,
  parseDataSet,
  type ParsedDataSet,
  readFileMeta,
} from '../../src/dicom';
import { applyRules, type EvaluatedRule, type RuleResults } from '../../src/edit/rules';
import type { RuleValue } from '../../src/edit/rule-value';
import { OPS_WITH_VALUE, type EditRule } from '../../src/settings';
import { SAMPLE } from '../support/peers/store-client';

/** A rule as a test writes it: `value` may be any that a message may have. */
export type TestRule = Pick<EditRule, 'op'> & Partial<Omit<EditRule, 'op' | 'value'>> & { value?: unknown };

function ruleOf({ value, ...rule }: TestRule): EditRule {
  return { path: '', valueType: 'str', ...rule, value: typeof value === 'string' ? value : '' };
}

export function evaluated(rule: TestRule): EvaluatedRule {
  if (!OPS_WITH_VALUE.includes(rule.op)) return { rule: ruleOf(rule) };
  const value: RuleValue =
    rule.value instanceof Date
      ? { kind: 'time', at: rule.value.getTime() }
      : { kind: 'value', value: (rule.value === undefined ? '' : rule.value) as never };
  return { rule: ruleOf(rule), value };
}

export function parsedFile(file: Buffer): ParsedDataSet {
  const source = bufferSource(file);
  const { transferSyntaxUID, dataSetOffset: offset } = readFileMeta(source);
  return parseDataSet(source, { transferSyntaxUID, offset });
}

/** Rules applied to the sample, or to another object. */
export function results(rules: readonly TestRule[], file = readFileSync(SAMPLE)): RuleResults {
  return applyRules(parsedFile(file), rules.map(evaluated));
}

export const operations = (...rules: TestRule[]): ChangeOperation[] => results(rules).object.operations;

export const set = (path: string, value: unknown): object => ({ op: 'set', path, value });
export const remove = (path: string): object => ({ op: 'remove', path });
