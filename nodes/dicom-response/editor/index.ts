/** Editor side of `dicom-response`: what `dicom-response.html` calls as `dicomResponseEditor`. */
import {
  DICOM_RESPONSE,
  RESPONSE_STATUSES,
  type DicomResponseField,
  type Finding,
} from '../../../src/settings';
import { catalogue } from '../../editor/catalogue';
import type { EditorNode } from '../../editor/red';

const { text } = catalogue('dicom-response');

const { defaults: DEFAULTS, names: FIELD_NAMES } = DICOM_RESPONSE;

interface Remark {
  severity: Finding['severity'];
  text: string;
}

type Values = (field: DicomResponseField) => string;

/** The node whose dialog is open: Node-RED also validates others meanwhile, which must not read this one's fields. */
let open: EditorNode | undefined;

/** A property's validator: true, or what is wrong with the value, beginning with the field's label. */
export function validate(
  node: EditorNode,
  field: DicomResponseField | 'version',
  value: unknown,
): true | string {
  const unknown = DICOM_RESPONSE.check('version', node['version']).map(findingText);
  if (field === 'version') return unknown.length === 0 || `${text('label.version')}: ${unknown.join('; ')}`;
  // What another version means by it is not known.
  if (unknown.length > 0) return true;
  const others = open === node ? dialogValues : nodeValues(node);
  const errors = remarks(field, (name) => (name === field ? asText(value, name) : others(name))).filter(
    ({ severity }) => severity === 'error',
  );
  return errors.length === 0
    ? true
    : `${text(`label.${field}`)}: ${errors.map((error) => error.text).join('; ')}`;
}

/** Its name, or what it answers where that is not success. */
export function label(node: EditorNode): string {
  const values = nodeValues(node);
  const status = values('status') === 'custom' ? values('customStatus') : values('status');
  return values('name') || (status === DEFAULTS.status ? 'dicom response' : `dicom (${status})`);
}

export function prepare(node: EditorNode): void {
  const unknown = DICOM_RESPONSE.check('version', node['version']);
  if (unknown.length > 0) return refuse(unknown);
  open = node;
  fillMigrated(node);
  fillStatuses(nodeValues(node)('status'));
  addHints();
  const refresh = (): void => {
    for (const field of FIELD_NAMES) showRemarks(field, remarks(field, dialogValues));
    input('customStatus')
      .closest('.form-row')
      .toggle(dialogValues('status') === 'custom');
  };
  $('#dicom-response-dialog').on('input change', refresh);
  refresh();
}

/** Called before Node-RED reads the inputs, which hold settings of this version. */
export function save(node: EditorNode): void {
  if (open !== undefined) node['version'] = DICOM_RESPONSE.migrate(node)['version'];
  close();
}

export function close(): void {
  open = undefined;
}

const findingText = ({ code, values }: Finding): string => text(`problem.${code}`, values);

const input = (field: DicomResponseField): JQuery => $(`#node-input-${field}`);

const dialogValues: Values = (field) => asText(input(field).val(), field);

function nodeValues(node: EditorNode): Values {
  const config = DICOM_RESPONSE.migrate(node);
  return (field) => asText(config[field], field);
}

/** Node-RED has filled the inputs with what stands in the node. */
function fillMigrated(node: EditorNode): void {
  const values = nodeValues(node);
  if (DICOM_RESPONSE.migrate(node) !== node) for (const field of FIELD_NAMES) input(field).val(values(field));
}

/** Puts into the dialog's place why nothing can be entered: Node-RED finds no inputs then, and changes nothing. */
function refuse(found: readonly Finding[]): void {
  $('#dicom-response-dialog')
    .empty()
    .append(
      found.map((one) =>
        $('<p role="alert" class="dicom-response-remark dicom-response-error">').text(findingText(one)),
      ),
    );
}

/** Flows of older versions may lack a property: it has its default, as at run time. */
function asText(value: unknown, field: DicomResponseField): string {
  return typeof value === 'string' ? value.trim() : DEFAULTS[field];
}

function remarks(field: DicomResponseField, values: Values): Remark[] {
  const all = Object.fromEntries(FIELD_NAMES.map((name) => [name, values(name)]));
  const findings: Finding[] = [
    ...DICOM_RESPONSE.check(field, values(field)),
    ...DICOM_RESPONSE.checkTogether(all).filter((problem) => problem.field === field),
  ];
  return findings.map((found) => ({ severity: found.severity, text: findingText(found) }));
}

/** A status that is none of the choices (`${NAME}`) stays selectable. */
function fillStatuses(current: string): void {
  const select = input('status').empty();
  const statuses: readonly string[] = RESPONSE_STATUSES;
  for (const status of statuses.includes(current) ? statuses : [...statuses, current]) {
    const choice = statuses.includes(status) ? text(`option.status.${status}`) : status;
    const isDefault = status === DEFAULTS.status;
    $('<option>')
      .val(status)
      .text(isDefault ? text('option.default', { choice }) : choice)
      .appendTo(select);
  }
  select.val(current);
}

/** Puts under every field what it is for, and room for remarks. */
function addHints(): void {
  for (const field of FIELD_NAMES) {
    const [hint, room] = [`dicom-response-hint-${field}`, `dicom-response-remarks-${field}`];
    $('<div class="dicom-response-notes">')
      .append(
        $('<div class="dicom-response-hint">')
          .attr('id', hint)
          .text(text(`hint.${field}`)),
        $('<div aria-live="polite">').attr('id', room),
      )
      .appendTo(input(field).closest('.form-row'));
    input(field).attr('aria-describedby', `${hint} ${room}`);
  }
}

function showRemarks(field: DicomResponseField, found: readonly Remark[]): void {
  const room = $(`#dicom-response-remarks-${field}`);
  // Only changes are written, so that a screen reader does not repeat what stands there.
  if (room.text() !== found.map(({ text: words }) => words).join('')) {
    room
      .empty()
      .append(
        found.map(({ severity, text: words }) =>
          $('<div>').addClass(`dicom-response-remark dicom-response-${severity}`).text(words),
        ),
      );
  }
  input(field).attr('aria-invalid', String(found.some(({ severity }) => severity === 'error')));
}
