/** Editor side of `dicom-response`: what `dicom-response.html` calls as `dicomResponseEditor`. */
import {
  finding,
  isEnvironmentReference,
  RESPONSE_FIELDS,
  RESPONSE_STATUSES,
  type Finding,
  type ResponseFieldName,
} from '../../../src/settings';
import { catalogue } from '../../editor/catalogue';
import type { EditorNode } from '../../editor/red';

const { text } = catalogue('dicom-response');

const FIELD_NAMES = Object.keys(RESPONSE_FIELDS) as ResponseFieldName[];
/** What an Error Comment (0000,0902) holds. */
const MAX_COMMENT_LENGTH = 64;

interface Remark {
  severity: Finding['severity'];
  text: string;
}

type Values = (field: ResponseFieldName) => string;

/** The node whose dialog is open: Node-RED also validates others meanwhile, which must not read this one's fields. */
let open: EditorNode | undefined;

/** A property's validator: true, or what is wrong with the value, beginning with the field's label. */
export function validate(node: EditorNode, field: ResponseFieldName, value: unknown): true | string {
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
  return (
    values('name') || (status === RESPONSE_FIELDS.status.default ? 'dicom response' : `dicom (${status})`)
  );
}

export function prepare(node: EditorNode): void {
  open = node;
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

export function close(): void {
  open = undefined;
}

const input = (field: ResponseFieldName): JQuery => $(`#node-input-${field}`);

const dialogValues: Values = (field) => asText(input(field).val(), field);

function nodeValues(node: EditorNode): Values {
  return (field) => asText(node[field], field);
}

/** Flows of older versions may lack a property: it has its default, as at run time. */
function asText(value: unknown, field: ResponseFieldName): string {
  return typeof value === 'string' ? value.trim() : RESPONSE_FIELDS[field].default;
}

function remarks(field: ResponseFieldName, values: Values): Remark[] {
  const value = values(field);
  if (isEnvironmentReference(value)) return [];
  // A status that is not used must not be in the way.
  if (field === 'customStatus' && values('status') !== 'custom') return [];
  const findings =
    field === 'customStatus' && value === '' ? [finding('required')] : RESPONSE_FIELDS[field].check(value);
  const found = findings.map(({ severity, code, values: facts }) => ({
    severity,
    text: text(`problem.${code}`, facts),
  }));
  if (field === 'errorComment' && value.length > MAX_COMMENT_LENGTH) {
    found.push({ severity: 'warning', text: text('warning.commentTooLong', { max: MAX_COMMENT_LENGTH }) });
  }
  return found;
}

/** A status that is none of the choices (`${NAME}`) stays selectable. */
function fillStatuses(current: string): void {
  const select = input('status').empty();
  const statuses: readonly string[] = RESPONSE_STATUSES;
  for (const status of statuses.includes(current) ? statuses : [...statuses, current]) {
    const choice = statuses.includes(status) ? text(`option.status.${status}`) : status;
    const isDefault = status === RESPONSE_FIELDS.status.default;
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

function showRemarks(field: ResponseFieldName, found: readonly Remark[]): void {
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
