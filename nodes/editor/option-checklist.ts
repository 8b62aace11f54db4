import { splitList } from '../../src/settings';
import type { Texts } from './texts';

/** The part of a form that a list of options needs. */
interface OptionForm<Name extends string> {
  readonly type: string;
  readonly texts: Texts;
  readonly fields: { input(name: Name): JQuery };
}

/** Shows the choices of a list with a box for each. Those that are ticked are in the setting's own hidden input, as comma text. */
export class OptionChecklist<Name extends string> {
  private readonly stored: JQuery;
  private readonly boxes: JQuery;

  constructor(form: OptionForm<Name>, name: Name, choices: readonly string[]) {
    this.stored = form.fields.input(name);
    const ticked = splitList(String(this.stored.val() ?? ''));
    const rows = choices.map((choice) => {
      const box = $('<input type="checkbox">').val(choice).prop('checked', ticked.includes(choice));
      const words = form.texts.text(`option.${name}.${choice}`);
      return $('<li>').append($('<label>').append(box, $('<span>').text(words)));
    });
    const element = $(`#${form.type}-checks-${name}`);
    element.children('ul').empty().append(rows);
    this.boxes = element.find('li input');
    element.on('change', 'li input', (event) => {
      event.stopPropagation();
      const entered = this.boxes.filter(':checked').get();
      this.stored.val(entered.map((box) => String($(box).val())).join(',')).trigger('change');
    });
  }
}
