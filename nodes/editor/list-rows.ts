import type { Texts } from './texts';

/** What Node-RED's list and typed inputs do not tell those who hear what they edit: the name of an input that stands in another's place. */
export function nameTyped(input: JQuery): void {
  const words = input.attr('aria-label') ?? '';
  input.next('.red-ui-typedInput-container').find('.red-ui-typedInput-input').attr('aria-label', words);
}

/**
 * The same for a row of an editable list and its button.
 *
 * @param label what all rows are called
 */
export function numberRow(row: JQuery, label: string, number: number, { text }: Texts): void {
  row.attr({ role: 'group', 'aria-label': `${label} ${number}` });
  const remove = row.closest('li').find('.red-ui-editableList-item-remove');
  remove.attr('aria-label', `${text('list.remove')} ${number}`);
}
