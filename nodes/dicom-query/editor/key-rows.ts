import {
  checkKeys,
  readKeys,
  type DicomQueryField,
  type DicomQueryProblem,
  type QueryKey,
} from '../../../src/settings';
import { nameTyped, numberRow, type AttributeNames, type InputType, type NodeForm } from '../../editor';

type QueryForm = NodeForm<DicomQueryField, DicomQueryProblem['code']>;

const NEW_KEY: QueryKey = { path: '', value: '', valueType: 'str' };

/** The keys of the open dialog. What is entered is in the setting's own hidden input, as JSON. */
export class KeyRows {
  private readonly list = $('#dicom-query-keys');
  private readonly types: readonly InputType[];

  constructor(
    private readonly form: QueryForm,
    private readonly names: AttributeNames,
  ) {
    const { text } = form.texts;
    this.types = [
      'str',
      'msg',
      'flow',
      'global',
      'env',
      { value: 'days', label: text('rule.days'), icon: 'fa fa-calendar' },
      { value: 'return', label: text('rule.return'), hasValue: false },
    ];
    const changed = (): void => this.store();
    this.list.editableList<Partial<QueryKey>>({
      addButton: text('rule.add'),
      sortable: true,
      removable: true,
      addItem: (row, _index, item) => {
        this.fill(row, { ...NEW_KEY, ...item });
        if (item.path === undefined) changed();
      },
      removeItem: changed,
      sortItems: changed,
    });
    for (const key of readKeys(form.fields.input('keys').val())) this.list.editableList('addItem', key);
    this.numberRows();
  }

  /** Puts these in the place of those that there are. */
  replace(keys: readonly QueryKey[]): void {
    this.list.editableList('items').each((_index, item) => void $(item).closest('li').remove());
    for (const key of keys) this.list.editableList('addItem', key);
    this.store();
  }

  /** Marks the keys in which something is wrong. */
  mark(): void {
    const found = checkKeys(String(this.form.fields.input('keys').val() ?? '[]'));
    const wrong = new Set(found.map(({ values }) => Number(values['key']) - 1));
    this.rows().forEach((row, index) =>
      row.children('input').first().toggleClass('input-error', wrong.has(index)),
    );
  }

  private fill(row: JQuery, { path, value, valueType }: QueryKey): void {
    const { text } = this.form.texts;
    const name = $('<input type="text" class="dicom-query-path" spellcheck="false">')
      .attr({ placeholder: text('rule.path'), 'aria-label': text('rule.path') })
      .val(path);
    const input = $('<input type="text" class="dicom-query-value">')
      .attr('aria-label', text('rule.value'))
      .val(value);
    row.addClass('dicom-query-key').append(name, input);
    input.typedInput({ types: this.types, default: 'str' }).typedInput('type', valueType);
    nameTyped(input);
    this.names.help(name);
    row.on('input change blur', 'input, select', () => this.store());
  }

  private rows(): JQuery[] {
    return this.list
      .editableList('items')
      .toArray()
      .map((item) => $(item).closest('li').find('.dicom-query-key'));
  }

  private numberRows(): void {
    const label = this.form.texts.text('label.keys');
    this.rows().forEach((row, index) => numberRow(row, label, index + 1, this.form.texts));
  }

  private store(): void {
    const keys = this.rows().map((row): QueryKey => {
      const input = row.find('.dicom-query-value');
      return {
        path: String(row.find('.dicom-query-path').val() ?? '').trim(),
        value: input.typedInput('value'),
        valueType: input.typedInput('type') as QueryKey['valueType'],
      };
    });
    this.numberRows();
    const stored = this.form.fields.input('keys');
    const json = JSON.stringify(keys);
    if (stored.val() !== json) stored.val(json).trigger('change');
  }
}
