import {
  checkRules,
  readRules,
  RULE_OPS,
  RULE_TESTS,
  VALUE_TYPES,
  type DicomEditField,
  type DicomEditProblem,
  type EditRule,
  type RuleOp,
} from '../../../src/settings';
import { nameTyped, numberRow, type AttributeNames, type InputType, type NodeForm } from '../../editor';

type EditForm = NodeForm<DicomEditField, DicomEditProblem['code']>;

const DAY_TYPES: readonly InputType[] = ['num', 'msg', 'flow', 'global', 'env', 'jsonata'];
const TEXT_TYPES: readonly InputType[] = ['str', 'msg', 'flow', 'global', 'env', 'jsonata'];
const PATTERN_TYPES: readonly InputType[] = ['str', 're'];
/** Of the dialog beside the list. */
const OTHER_HEIGHT = 340;
const LEAST_HEIGHT = 180;
const NEW_RULE: EditRule = { op: 'set', path: '', value: '', valueType: 'str' };

/** The rules of the open dialog, which can be dragged. What is entered is in the setting's own hidden input, as JSON. */
export class RuleRows {
  private readonly list = $('#dicom-edit-rules');

  constructor(
    private readonly form: EditForm,
    names: AttributeNames,
  ) {
    const changed = (): void => this.store();
    this.list.editableList<Partial<EditRule>>({
      addButton: this.text('rule.add'),
      sortable: true,
      removable: true,
      addItem: (row, _index, item) => {
        const rule = { ...NEW_RULE, ...item };
        row.closest('li').data('row', new RuleRow(row, rule, form, names, changed));
        // One that the button adds.
        if (item.op === undefined) changed();
      },
      removeItem: changed,
      sortItems: changed,
    });
    for (const rule of readRules(form.fields.input('rules').val())) this.list.editableList('addItem', rule);
    // Adding one scrolls to it, a moment later.
    setTimeout(() => this.list.parent().scrollTop(0), 0);
    this.numberRows();
  }

  /** Marks the rules in which something is wrong. @param problems by the runtime, of each rule */
  mark(problems: readonly (object | null)[]): void {
    const found = checkRules(String(this.form.fields.input('rules').val() ?? '[]'));
    const wrong = new Set(found.map(({ values }) => Number(values['rule']) - 1));
    this.rows().forEach((row, index) => row.mark(wrong.has(index) || (problems[index] ?? null) !== null));
  }

  showVrs(): void {
    for (const row of this.rows()) row.showVr();
  }

  /** @param height of the dialog */
  fit(height: number): void {
    this.list.editableList('height', Math.max(LEAST_HEIGHT, height - OTHER_HEIGHT));
  }

  private rows(): RuleRow[] {
    const items = this.list.editableList('items').toArray();
    return items
      .map((item) => $(item).closest('li').data('row') as RuleRow | undefined)
      .filter((row) => row !== undefined);
  }

  private store(): void {
    const rules = this.rows().map((row) => row.rule());
    this.form.fields.input('rules').val(JSON.stringify(rules)).trigger('change');
    this.numberRows();
  }

  private numberRows(): void {
    this.rows().forEach((row, index) => row.number(index + 1));
  }

  private text(key: string): string {
    return this.form.texts.text(key);
  }
}

/** A rule and its inputs. */
class RuleRow {
  private readonly op: JQuery;
  private readonly path: JQuery;
  private readonly vr = $('<span class="dicom-edit-vr" aria-hidden="true">');
  private readonly creator: JQuery;
  private readonly from: JQuery;
  private readonly source: JQuery;
  private readonly value: JQuery;
  private readonly isConditional = $('<input type="checkbox">');
  private readonly whenPath: JQuery;
  private readonly test: JQuery;
  private readonly whenValue: JQuery;
  private readonly lines: Readonly<Record<'creator' | 'from' | 'source' | 'value' | 'when', JQuery>>;
  /** Of the value, as they were chosen last. */
  private types: readonly InputType[] = [];

  constructor(
    private readonly row: JQuery,
    rule: EditRule,
    private readonly form: EditForm,
    private readonly names: AttributeNames,
    private readonly changed: () => void,
  ) {
    this.op = this.select(RULE_OPS, (op) => `rule.op.${op}`, rule.op);
    this.path = this.input('rule.path', rule.path);
    this.creator = this.input('rule.creator', rule.privateCreator ?? '');
    this.from = this.input('rule.from', rule.from ?? '');
    this.source = this.input('rule.source', rule.op === 'copy' ? rule.value : '');
    this.value = this.input('rule.value', rule.op === 'copy' ? '' : rule.value);
    this.whenPath = this.input('rule.whenPath', rule.when?.path ?? '');
    this.test = this.select(RULE_TESTS, (test) => `rule.test.${test}`, rule.when?.test ?? 'equals');
    this.whenValue = this.input('rule.whenValue', rule.when?.value ?? '');
    this.isConditional.prop('checked', rule.when !== undefined).attr('aria-label', this.text('rule.when'));
    this.lines = {
      creator: this.line('rule.creator', this.creator),
      from: this.line('rule.from', this.from),
      source: this.line('rule.source', this.source),
      value: this.line('rule.value', this.value),
      when: $('<div class="dicom-edit-line dicom-edit-when">').append(
        $('<label>').text(this.text('rule.when')),
        this.isConditional,
        this.whenPath,
        this.test,
        this.whenValue,
      ),
    };
    row
      .addClass('dicom-edit-rule')
      .append(
        $('<div class="dicom-edit-line">').append(this.op, this.path, this.vr),
        this.lines.creator,
        this.lines.from,
        this.lines.source,
        this.lines.value,
        this.lines.when,
      );
    this.from.typedInput({ types: PATTERN_TYPES, default: 'str' }).typedInput('type', rule.fromType ?? 'str');
    nameTyped(this.from);
    this.useTypes(rule.op, rule.valueType);
    for (const input of [this.path, this.source, this.whenPath]) this.names.help(input);
    this.show();
    row.on('input change', 'input, select', () => this.entered());
    // A suggestion that is taken with the keyboard is no event of its own.
    row.on('blur', 'input', () => this.entered());
  }

  rule(): EditRule {
    const op = String(this.op.val()) as RuleOp;
    const text = (input: JQuery): string => String(input.val() ?? '').trim();
    const creator = text(this.creator);
    const when = {
      path: text(this.whenPath),
      test: String(this.test.val()) as (typeof RULE_TESTS)[number],
      value: String(this.whenValue.val() ?? ''),
    };
    const hasValue = this.types.length > 0;
    return {
      op,
      path: op === 'remove-private' ? '' : text(this.path),
      ...(creator !== '' && this.takesCreator(op) && { privateCreator: creator }),
      value: op === 'copy' ? text(this.source) : hasValue ? this.value.typedInput('value') : '',
      valueType: hasValue ? (this.value.typedInput('type') as EditRule['valueType']) : 'str',
      ...(op === 'replace' && {
        from: this.from.typedInput('value'),
        fromType: this.from.typedInput('type') as 'str' | 're',
      }),
      ...(this.isConditional.is(':checked') && { when }),
    };
  }

  mark(isWrong: boolean): void {
    this.path.add(this.op).toggleClass('input-error', isWrong).attr('aria-invalid', String(isWrong));
  }

  showVr(): void {
    this.vr.text(this.names.vr(String(this.path.val() ?? '')) ?? '');
  }

  /** For those who hear what they edit. */
  number(number: number): void {
    numberRow(this.row, this.text('label.rules'), number, this.form.texts);
  }

  private entered(): void {
    const op = String(this.op.val()) as RuleOp;
    this.useTypes(op, undefined);
    this.show();
    this.changed();
  }

  /** The rows that the rule needs. */
  private show(): void {
    const op = String(this.op.val()) as RuleOp;
    const isAny = op === 'remove-private';
    this.path.toggle(!isAny);
    this.vr.toggle(!isAny);
    this.showVr();
    this.lines.creator.toggle(this.takesCreator(op));
    this.lines.from.toggle(op === 'replace');
    this.lines.source.toggle(op === 'copy');
    this.lines.value.toggle(this.types.length > 0);
    this.lines.value
      .children('label')
      .text(this.text(op === 'shift-date' ? 'rule.days' : op === 'replace' ? 'rule.with' : 'rule.value'));
    const isConditional = this.isConditional.is(':checked');
    this.whenPath.add(this.test).toggle(isConditional);
    this.whenValue.toggle(isConditional && this.test.val() !== 'exists');
  }

  /** A tag of a private attribute may name its creator; removing private ones may be about one creator. */
  private takesCreator(op: RuleOp): boolean {
    return (
      op === 'remove-private' ||
      /(?:^|\.)[0-9a-f]{3}[13579bdf][0-9a-f]{4}$/i.test(String(this.path.val() ?? ''))
    );
  }

  /** @param type undefined: the one that is chosen */
  private useTypes(op: RuleOp, type: string | undefined): void {
    const types =
      op === 'set' ? VALUE_TYPES : op === 'replace' ? TEXT_TYPES : op === 'shift-date' ? DAY_TYPES : [];
    if (types !== this.types && types.length > 0) {
      const before = type ?? (this.types.length > 0 ? this.value.typedInput('type') : 'str');
      const first = typeof types[0] === 'string' ? types[0] : 'str';
      this.value.typedInput({ types, default: first });
      nameTyped(this.value);
      this.value.typedInput('type', types.includes(before) ? before : first);
    }
    this.types = types;
  }

  private line(label: string, input: JQuery): JQuery {
    return $('<div class="dicom-edit-line">').append($('<label>').text(this.text(label)), input);
  }

  private input(label: string, value: string): JQuery {
    return $('<input type="text" spellcheck="false" autocomplete="off">')
      .val(value)
      .attr({ 'aria-label': this.text(label), placeholder: this.text(label) });
  }

  /** @param key of a choice's words, and of `label` */
  private select(choices: readonly string[], key: (choice: string) => string, value: string): JQuery {
    return $('<select>')
      .append(
        choices.map((choice) =>
          $('<option>')
            .val(choice)
            .text(this.text(key(choice))),
        ),
      )
      .val(value)
      .attr('aria-label', this.text(key('label')));
  }

  private text(key: string): string {
    return this.form.texts.text(key);
  }
}
