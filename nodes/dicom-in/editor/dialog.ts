import { DICOM_IN, type DicomInField as FieldName, type Field, type Finding } from '../../../src/settings';
import { remarks, type Remark, type Values } from './findings';
import { findingText, hasText, text } from './text';
import type { EditorNode } from '../../editor/red';

const { defaults: DEFAULTS, fields: FIELDS, names: FIELD_NAMES } = DICOM_IN;
export const DIALOG = '#dicom-in-dialog';

/** Fields that mean something only where another one says so. */
const DEPENDENT: readonly [FieldName, (values: Values) => boolean][] = [
  ['directory', (values) => values('output') === 'file'],
  ['filenameTemplate', (values) => values('output') === 'file'],
  ['collision', (values) => values('output') === 'file'],
  ['placeForHours', (values) => values('output') === 'file'],
  ['tagsFormat', (values) => values('includeTagsNode') === true],
  ['leaveOutEmpty', (values) => values('includeCommonFieldsNode') === true || hasTagsByKeyword(values)],
  ['maxMessageMB', (values) => values('includeTagsNode') === true],
  ['maxMessageElements', (values) => values('includeTagsNode') === true],
  ['queueDirectory', (values) => values('queue') !== 'memory'],
  ['onlyThisMachine', (values) => values('queue') !== 'memory'],
  ['maxCrashes', (values) => values('queue') !== 'memory'],
  ['minFreeDiskMB', (values) => values('queue') !== 'memory'],
  ['responseTimeoutSeconds', (values) => values('respond') === 'processed'],
  ['maxInFlight', (values) => values('acknowledge') === true],
  ['acknowledgeTimeoutSeconds', (values) => values('acknowledge') === true],
  ['maxDeliveries', (values) => values('acknowledge') === true],
  ['keepDeliveredSeconds', (values) => values('acknowledge') !== true],
  ['keepDeliveredMB', (values) => values('acknowledge') !== true],
];

function hasTagsByKeyword(values: Values): boolean {
  return values('includeTagsNode') === true && values('tagsFormat') === 'keyword';
}

/** A field's input. A list is shown as comma text, which Node-RED must not take for the property's value. */
export const input = (field: FieldName): JQuery =>
  $(`#node-input-${field}${FIELDS[field].kind === 'list' ? '-list' : ''}`);

/** Values as the node has them, or as its older version means them. Those that it lacks have their defaults, as at run time. */
export function nodeValues(node: EditorNode): Values {
  const config = DICOM_IN.migrate(node);
  return (field) => config[field] ?? DEFAULTS[field];
}

/** Values as they stand in the open dialog. */
export function dialogValues(): Values {
  return (field): unknown => {
    const element = input(field);
    return element.is(':checkbox') ? element.is(':checked') : element.val();
  };
}

/** Node-RED fills the inputs with what stands in the node: it leaves those empty that the node lacks. */
export function fillMissing(node: EditorNode): void {
  const values = nodeValues(node);
  for (const field of FIELD_NAMES) {
    const value = values(field);
    if (value === node[field] || (FIELDS[field].kind === 'node' && value === '')) continue;
    if (typeof value === 'boolean') input(field).prop('checked', value);
    else input(field).val(String(value));
  }
}

/**
 * Keeps Node-RED from writing settings into a node that lacks them and whose default stands in the dialog still: a flow of
 * an older package stays as it is when its dialog is opened and left with Done. Only where its settings have an older version
 * it gets the version of what is written now.
 */
export function leaveMissing(node: EditorNode): void {
  const values = dialogValues();
  const config = DICOM_IN.migrate(node);
  for (const field of FIELD_NAMES) {
    if (config[field] !== undefined || !isDefault(field, values(field))) continue;
    // Node-RED reads what it finds by the id.
    input(field).removeAttr('id');
  }
  if (config !== node) node['version'] = config['version'];
}

/** Puts into the dialog's place why nothing can be entered: Node-RED finds no inputs then, and changes nothing. */
export function refuse(found: readonly Finding[]): void {
  $(DIALOG)
    .empty()
    .append(
      found.map((one) => $('<p role="alert" class="dicom-in-remark dicom-in-error">').text(findingText(one))),
    );
}

function isDefault(field: FieldName, value: unknown): boolean {
  const expected = DEFAULTS[field];
  if (typeof expected === 'boolean') return value === expected;
  // The selection of a configuration node holds this where none is chosen.
  const entered = FIELDS[field].kind === 'node' && value === '_ADD_' ? '' : value;
  return entered === String(expected);
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
  return [text(`hint.${field}`), defaultHint(field)].filter((sentence) => sentence !== '').join(' ');
}

/** A field's default in words; empty where that is empty, and for choices, which mark it themselves. */
function defaultHint(field: FieldName): string {
  const definition: Field = FIELDS[field];
  const { kind, default: value, initial } = definition;
  if (initial !== undefined) {
    return text('hint.initial', { value: valueText(field, value), initial: valueText(field, initial) });
  }
  if (kind === 'list' || kind === 'choice' || value === '') return '';
  return text('hint.default', { value: valueText(field, value) });
}

function valueText(field: FieldName, value: Field['default']): string {
  if (typeof value === 'boolean') return text(value ? 'hint.on' : 'hint.off');
  const key = `option.${field}.${String(value)}`;
  return FIELDS[field].kind === 'choice' && hasText(key) ? text(key) : String(value);
}

/** Choices from the settings, in the editor's language; a value that is none of them (`${NAME}`) stays selectable. */
export function fillChoices(node: EditorNode): void {
  const values = nodeValues(node);
  for (const field of FIELD_NAMES) {
    const definition = FIELDS[field];
    if (definition.kind !== 'choice') continue;
    const select = input(field).empty();
    const value = values(field);
    const current = typeof value === 'string' ? value : definition.default;
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
  const { default: value, initial }: Field = FIELDS[field];
  return choice === value && initial === undefined
    ? text('option.default', { choice: text(key) })
    : text(key);
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
  // Only changes are written, so that a screen reader does not repeat what stands there.
  const shown = JSON.stringify(found);
  if (room.data('shown') !== shown)
    room
      .data('shown', shown)
      .empty()
      .append(found.map((remark) => remarkElement(field, remark)));
  input(field).attr('aria-invalid', String(found.some(({ severity }) => severity === 'error')));
}

function remarkElement(field: FieldName, { severity, text: words, instead }: Remark): JQuery {
  const remark = $('<div>').addClass(`dicom-in-remark dicom-in-${severity}`).text(words);
  if (instead === undefined) return remark;
  const button = $('<button type="button" class="red-ui-button red-ui-button-small">')
    .text(text('list.use', { value: instead }))
    .on('click', () => void input(field).val(instead).trigger('change').trigger('focus'));
  return remark.append(' ', button);
}
