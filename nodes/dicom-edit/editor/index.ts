/** Editor side of `dicom-edit`: what `dicom-edit.html` calls as `dicomEditEditor`. */
import { DICOM_EDIT, readRules, type DicomEditField } from '../../../src/settings';
import { AttributeNames, NodeForm, type About, type EditorNode, type Remark } from '../../editor';
import { RuleProblems } from './rule-problems';
import { RuleRows } from './rule-rows';

const names = new AttributeNames(DICOM_EDIT.type);
const problems = new RuleProblems(() => {
  form.dialog.trigger('change');
});

export const form = new NodeForm(DICOM_EDIT, {
  label: (values) => {
    const { length } = readRules(values('rules'));
    return length === 1 ? `dicom edit: ${labelOfOne(readRules(values('rules'))[0])}` : 'dicom edit';
  },
  shownIf: { directory: (values) => values('apply') !== 'pending' && values('apply') !== 'buffer' },
  remarks: runtimeRemarks,
});

let rows: RuleRows | undefined;

export function open(node: EditorNode): void {
  if (!form.open(node)) return;
  names.useSamplesBefore(node);
  const opened = new RuleRows(form, names);
  rows = opened;
  const mark = (): void => opened.mark(problems.of(form.fields.inDialog()('rules')) ?? []);
  form.dialog.on('change', mark);
  void names.load().then(() => {
    opened.showVrs();
    problems.askSoon(form.fields.inDialog()('rules'));
  });
}

export function save(node: EditorNode): void {
  form.save(node);
  rows = undefined;
}

export function close(): void {
  form.close();
  rows = undefined;
}

export function resize({ height }: { height: number }): void {
  rows?.fit(height);
}

function labelOfOne(rule: ReturnType<typeof readRules>[number] | undefined): string {
  return rule === undefined ? '' : `${rule.op} ${rule.path}`.trim();
}

/** What only the runtime can see: names and values that PS3.6 does not have. */
function runtimeRemarks({ node, field, values, found, texts }: About<DicomEditField>): Remark[] {
  if (field !== 'rules' || found.length > 0) return [];
  const rules = values('rules');
  const known = problems.of(rules);
  if (known === undefined) {
    if (typeof rules === 'string') problems.askSoon(rules);
    else problems.askFor(node, rules);
    return [];
  }
  return known.flatMap((problem, index) => {
    if (problem === null) return [];
    const { text, key, values: named } = problem;
    const reason = key === undefined ? text : texts.text(`rule.reason.${key}`, named);
    return [{ severity: 'error' as const, text: texts.text('rule.problem', { rule: index + 1, reason }) }];
  });
}
