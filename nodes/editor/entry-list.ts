import { splitList } from '../../src/settings';
import type { Texts } from './texts';

/** What stands between entries where a list is pasted from: a setting, a file, a column of a table. */
const SEPARATORS = /[,;\t\r\n]+/;

/** The part of a form that a list of entries needs. */
interface ListForm<Name extends string> {
  readonly type: string;
  readonly dialog: JQuery;
  readonly texts: Texts;
  readonly fields: { input(name: Name): JQuery };
  isEntryWrong(name: Name, entry: string, isOnly: boolean): boolean;
}

/**
 * Shows comma text as a list of inputs. The text itself is in the setting's own hidden input, and stays as it came until
 * an entry is changed. There is always an input: an empty list has an empty one.
 */
export class EntryList<Name extends string> {
  private readonly element: JQuery;
  private readonly stored: JQuery;

  constructor(
    private readonly form: ListForm<Name>,
    private readonly name: Name,
  ) {
    this.element = $(`#${form.type}-list-${name}`);
    this.stored = form.fields.input(name);
    this.show(this.storedEntries());
    this.element.on('input', 'li input', ({ currentTarget }) => {
      const entry = $(currentTarget as HTMLElement);
      const [first = '', ...more] = splitList(String(entry.val()));
      if (more.length > 0) this.spread(entry, [first, ...more]);
      this.changed();
    });
    this.element.on('paste', 'li input', (event) => this.paste(event));
    this.element.on('keydown', 'li input', (event) => this.press(event));
    this.element.on('click', 'li button', ({ currentTarget }) =>
      this.remove($(currentTarget as HTMLElement).closest('li')),
    );
    this.element.children('button').on('click', () => this.insertAfter(this.rows().last()));
    // An import fills the hidden input. Our own inputs are ahead of it.
    form.dialog.on('change', ({ target }) => {
      if (this.element.has(target).length === 0 && !this.isShown()) this.show(this.storedEntries());
    });
  }

  private press(event: JQuery.KeyDownEvent): void {
    const row = $(event.currentTarget as HTMLElement).closest('li');
    const isEmpty = row.find('input').val() === '';
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'Enter' || event.key === ',') {
      event.preventDefault();
      if (!isEmpty) this.insertAfter(row);
    } else if (event.key === 'Backspace' && isEmpty && this.rows().length > 1) {
      event.preventDefault();
      // Node-RED looks for what surrounds the input, which will be gone.
      event.stopPropagation();
      this.remove(row);
    }
  }

  /** An input would take line breaks away, and make one entry of a column. */
  private paste(event: JQuery.TriggeredEvent): void {
    const pasted = (event.originalEvent as ClipboardEvent).clipboardData?.getData('text') ?? '';
    if (!SEPARATORS.test(pasted.trim())) return;
    event.preventDefault();
    const target = event.currentTarget as HTMLInputElement;
    target.setRangeText(
      pasted.split(SEPARATORS).join(','),
      target.selectionStart ?? 0,
      target.selectionEnd ?? 0,
    );
    $(target).trigger('input');
  }

  /** Makes a row of each entry, the first in the place of the one that there is. */
  private spread(entry: JQuery, [first = '', ...more]: readonly string[]): void {
    entry.val(first);
    const row = entry.closest('li').after(more.map((value) => this.row(value)));
    row.nextAll().slice(0, more.length).last().find('input').trigger('focus');
  }

  private insertAfter(row: JQuery): void {
    const added = this.row('').insertAfter(row);
    this.mark();
    added.find('input').trigger('focus');
  }

  private remove(row: JQuery): void {
    const neighbour = row.prev().length > 0 ? row.prev() : row.next();
    if (neighbour.length === 0) row.find('input').val('').trigger('focus');
    else {
      row.remove();
      neighbour.find('input').trigger('focus');
    }
    this.changed();
  }

  private show(entries: readonly string[]): void {
    const values = entries.length === 0 ? [''] : entries;
    this.element
      .children('ul')
      .empty()
      .append(values.map((value) => this.row(value)));
    this.mark();
  }

  private row(value: string): JQuery {
    const entry = $('<input type="text" spellcheck="false" autocomplete="off">')
      .val(value)
      .attr({
        placeholder: this.form.texts.text(`placeholder.${this.name}`),
        'aria-describedby': `${this.form.type}-hint-${this.name} ${this.form.type}-remarks-${this.name}`,
      });
    const remove = $('<button type="button" class="red-ui-button red-ui-button-small">').append(
      $('<i class="fa fa-remove" aria-hidden="true">'),
    );
    return $('<li>').append(entry, remove);
  }

  private changed(): void {
    // Node-RED's validator and the remarks follow the hidden input's event.
    if (!this.isShown()) this.stored.val(this.entries().join(',')).trigger('change');
    this.mark();
  }

  /** Which entries are wrong, and what only one row, or an empty one, does not need. */
  private mark(): void {
    const rows = this.rows();
    const { text } = this.form.texts;
    const isOnly = this.entries().length <= 1;
    rows.each((index, row) => {
      const entry = $(row).find('input');
      const value = String(entry.val()).trim();
      const isWrong = value !== '' && this.form.isEntryWrong(this.name, value, isOnly);
      const label = `${text(`label.${this.name}`)} ${index + 1}`;
      entry
        .toggleClass('input-error', isWrong)
        .attr({ 'aria-invalid': String(isWrong), 'aria-label': label });
      const remove = $(row).find('button');
      remove.attr('aria-label', `${text('list.remove')} ${value}`).toggle(rows.length > 1 || value !== '');
    });
    this.element.children('button').toggle(rows.last().find('input').val() !== '');
  }

  private rows(): JQuery {
    return this.element.find('li');
  }

  private entries(): string[] {
    const values = this.rows().find('input').get();
    return values.map((entry) => String($(entry).val()).trim()).filter((value) => value !== '');
  }

  private storedEntries(): string[] {
    return splitList(String(this.stored.val() ?? ''));
  }

  private isShown(): boolean {
    return this.entries().join() === this.storedEntries().join();
  }
}
