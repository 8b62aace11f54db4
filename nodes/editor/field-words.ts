import type { Field } from '../../src/settings';
import type { Texts } from './texts';

/** Under a field, and in its label's tooltip: what it is for, and its default. */
export function hint(name: string, field: Field, texts: Texts): string {
  return [texts.text(`hint.${name}`), defaultHint(name, field, texts)]
    .filter((sentence) => sentence !== '')
    .join(' ');
}

/** A field's default in words; empty where that is empty, and for choices, which mark it themselves. */
function defaultHint(name: string, field: Field, texts: Texts): string {
  const { kind, default: value, initial } = field;
  const words = (of: Field['default']): string => valueWords(name, of, texts);
  if (initial !== undefined) {
    return texts.text('form.initial', { value: words(value), initial: words(initial) });
  }
  if (kind === 'list' || kind === 'rows' || kind === 'choice' || value === '') return '';
  return texts.text('form.default', { value: words(value) });
}

function valueWords(name: string, value: Field['default'], texts: Texts): string {
  if (typeof value === 'boolean') return texts.text(value ? 'form.on' : 'form.off');
  const text = typeof value === 'object' ? '' : String(value);
  const key = `option.${name}.${text}`;
  return text !== '' && texts.hasText(key) ? texts.text(key) : text;
}

/** Choices from the settings, in the editor's language; a value that is none of them (`${NAME}`) stays selectable. */
export function fillChoices(select: JQuery, name: string, field: Field, value: unknown, texts: Texts): void {
  if (field.kind !== 'choice') return;
  const current = typeof value === 'string' ? value : field.default;
  const all = field.choices.includes(current) ? field.choices : [...field.choices, current];
  const options = all.map((choice) =>
    $('<option>')
      .val(choice)
      .text(choiceWords(name, field, choice, texts)),
  );
  select.empty().append(options).val(current);
}

function choiceWords(name: string, { default: value, initial }: Field, choice: string, texts: Texts): string {
  const key = `option.${name}.${choice}`;
  if (!texts.hasText(key)) return choice;
  const words = texts.text(key);
  return choice === value && initial === undefined
    ? texts.text('form.defaultChoice', { choice: words })
    : words;
}
