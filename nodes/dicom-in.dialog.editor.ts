import { DEFAULTS, FIELDS, FIELD_NAMES, type FieldName } from '../src/settings';
import { remarks, type Remark, type Values } from './dicom-in.findings.editor';
import { hasText, text } from './dicom-in.text.editor';
import type { EditorNode } from './red.editor';

export const DIALOG = '#dicom-in-dialog';

/** Fields that mean something only where another one says so. */
const DEPENDENT: readonly [FieldName, (values: Values) => boolean][] = [
  ['directory', (values) => values('output') === 'file'],
  ['filenameTemplate', (values) => values('output') === 'file'],
  ['collision', (values) => values('output') === 'file'],
  ['tagsFormat', (values) => values('includeTagsNode') === true],
  ['queueDirectory', (values) => values('queue') !== 'memory'],
  ['minFreeDiskMB', (values) => values('queue') !== 'memory'],
  ['responseTimeoutSeconds', (values) => values('respond') === 'processed'],
  ['maxInFlight', (values) => values('acknowledge') === true],
  ['acknowledgeTimeoutSeconds', (values) => values('acknowledge') === true],
  ['maxDeliveries', (values) => values('acknowledge') === true],
];

/** A field's input. A list is shown as comma text, which Node-RED must not take for the property's value. */
export const input = (field: FieldName): JQuery =>
  $(`#node-input-${field}${FIELDS[field].kind === 'list' ? '-list' : ''}`);

/** Values as the node has them. Flows of older versions lack settings: those have their defaults, as at run time. */
export function nodeValues(node: EditorNode): Values {
  return (field) => node[field] ?? DEFAULTS[field];
}

/** Values as they stand in the open dialog. */
export function dialogValues(): Values {
  return (field): unknown => {
    const element = input(field);
    return element.is(':checkbox') ? element.is(':checked') : element.val();
  };
}

/** Node-RED leaves the inputs of settings that a node lacks empty. */
export function fillMissing(node: EditorNode): void {
  for (const field of FIELD_NAMES) {
    if (node[field] !== undefined) continue;
    const value = DEFAULTS[field];
    if (typeof value === 'boolean') input(field).prop('checked', value);
    else if (field !== 'tls') input(field).val(String(value));
  }
}

/** jQuery leaves carriage returns out of the values that it reads: line ends become line feeds before. */
export function enterText(field: FieldName, entered: string): void {
  input(field).val(entered.replace(/\r\n?/g, '\n'));
}

/** Puts under every field, and into its label's tooltip, what it is for, its default; and room for remarks. */
export function addHints(): void {
  for (const field of FIELD_NAMES) {
    const element = input(field);
    const row = element.closest('.form-row');
    if (row.length === 0) continue;
    row.find('label').first().attr('title', hint(field));
    const notes = $('<div class="dicom-in-notes">').appendTo(row);
    $('<div class="dicom-in-hint">').attr('id', `dicom-in-hint-${field}`).text(hint(field)).appendTo(notes);
    $('<div class="dicom-in-remarks" aria-live="polite">')
      .attr('id', `dicom-in-remarks-${field}`)
      .appendTo(notes);
    element.attr('aria-describedby', `dicom-in-hint-${field} dicom-in-remarks-${field}`);
  }
}

function hint(field: FieldName): string {
  const value = defaultText(field);
  const sentences = [text(`hint.${field}`)];
  if (value !== '') sentences.push(text('hint.default', { value }));
  return sentences.join(' ');
}

/** A field's default as the dialog shows it; empty where that is empty, and for choices, which mark it themselves. */
function defaultText(field: FieldName): string {
  const { kind, default: value } = FIELDS[field];
  if (kind === 'boolean') return text(value ? 'hint.on' : 'hint.off');
  return kind === 'list' || kind === 'choice' ? '' : String(value);
}

/** Choices from the settings, in the editor's language; a value that is none of them (`${NAME}`) stays selectable. */
export function fillChoices(node: EditorNode): void {
  for (const field of FIELD_NAMES) {
    const definition = FIELDS[field];
    if (definition.kind !== 'choice') continue;
    const select = input(field).empty();
    const current = typeof node[field] === 'string' ? node[field] : definition.default;
    const choices: readonly string[] = definition.choices;
    for (const choice of choices.includes(current) ? choices : [...choices, current]) {
      $('<option>').val(choice).text(choiceText(field, choice)).appendTo(select);
    }
    select.val(current);
  }
}

function choiceText(field: FieldName, choice: string): string {
  const key = `option.${field}.${choice}`;
  if (!hasText(key)) return choice;
  return choice === FIELDS[field].default ? text('option.default', { choice: text(key) }) : text(key);
}

/** Keeps remarks and the visibility of dependent rows in step with what is entered. */
export function followInput(node: EditorNode): void {
  const values = dialogValues();
  const refresh = (): void => {
    for (const field of FIELD_NAMES) showRemarks(field, remarks(node, field, values));
    for (const [field, isWanted] of DEPENDENT) showRow(field, isWanted(values));
  };
  $(DIALOG).on('input change', refresh);
  refresh();
}

function showRow(field: FieldName, visible: boolean): void {
  input(field).closest('.form-row').toggle(visible);
}

function showRemarks(field: FieldName, found: readonly Remark[]): void {
  const room = $(`#dicom-in-remarks-${field}`);
  const wanted = found.map(({ severity, text: words }) =>
    $('<div>').addClass(`dicom-in-remark dicom-in-${severity}`).text(words),
  );
  // Only changes are written, so that a screen reader does not repeat what stands there.
  if (room.text() !== found.map(({ text: words }) => words).join('')) room.empty().append(wanted);
  input(field).attr('aria-invalid', String(found.some(({ severity }) => severity === 'error')));
}
