/**
 * What an import found, in words. Names, keys and values come from a file that anybody may have written: they go into the
 * page as text, and not through the catalogue, which would look for more keys in them.
 */
import {
  kept,
  readReceiver,
  type FoundReceiver,
  type ImportProblem,
  type NotImported,
  type ReceiverField,
  type ReceiverValue,
} from '../../../src/integration-soup';
import type { EditorNode } from '../../editor';
import { form, text } from './form';

/** Fields that only name settings of Integration Soup, which a flow must do instead. */
const LINKS = ['filters', 'variableTransformers', 'transformers', 'activities'] as const;
/** More rows help nobody. */
const MAX_ROWS = 50;

export const receiverTitle = ({ name, port }: FoundReceiver): string => [name, `:${port}`].join(' ').trim();

/** A receiver was put into the dialog: which, and what remains to be looked at. */
export function importReport(
  node: EditorNode,
  receiver: FoundReceiver,
  left: readonly NotImported[],
): JQuery {
  const disabled = receiver.values.get('disabled') === true;
  const defaults = fieldLabels(receiver.leftOut);
  const links = fieldLabels(LINKS.filter((field) => isLink(receiver.values.get(field))));
  return $('<div>').append(
    $('<p>').text(`${text('importExport.imported')} ${receiverTitle(receiver)}`),
    paragraphIf(disabled, text('importExport.disabled')),
    paragraphIf(defaults !== '', `${text('importExport.leftOut')} ${defaults}`),
    section('importExport.wrong', wrongFields(node)),
    paragraphIf(links !== '', `${text('importExport.linksOnly')} ${links}`),
    section('importExport.notImported', left.map(notImportedRow)),
  );
}

/** Nothing was put into the dialog: why, and where in the text. */
export function problemReport(
  { code, line, column, found, excerpt }: ImportProblem,
  left: readonly NotImported[],
): JQuery {
  const place = excerpt === '' ? '' : `${text('importExport.place', { line, column })} `;
  const message = `${place}${text(`importExport.problem.${code}`)}${found.trim() === '' ? '' : ` ${found}`}`;
  return $('<div>').append(
    $('<p class="dicom-remark dicom-error">').text(message),
    excerpt === '' ? $() : $('<pre>').text(excerpt),
    section('importExport.notImported', left.map(notImportedRow)),
  );
}

/** Lists what the node keeps although it has no field for it. */
export function showKept(imported: string): void {
  const receiver = kept(imported);
  const rows = receiver === undefined ? [] : readReceiver(receiver).notUnderstood;
  $('#dicom-in-export-forget')
    .parent()
    .toggle(imported !== '');
  $('#dicom-in-kept')
    .empty()
    .append(
      paragraphIf(imported === '', text('importExport.keptNothing')),
      section(
        'importExport.kept',
        rows.map(({ path, reason, shown }) =>
          row(`${path}: ${shown}`, text(`importExport.reason.${reason}`)),
        ),
      ),
    );
}

function wrongFields(node: EditorNode): JQuery[] {
  return (
    ['port', 'ourAET', 'acceptedCallingAETs', 'associationTimeoutSeconds', 'messageType'] as const
  ).flatMap((field) =>
    form.remarksInDialog(node, field).map((remark) => row(text(`label.${field}`), remark.text)),
  );
}

/** A GUID of zeros links to nothing. */
const isLink = (guids: ReceiverValue | undefined): boolean => /[^0,-]/.test(String(guids ?? ''));

const fieldLabels = (fields: readonly ReceiverField[]): string =>
  fields
    .filter((field) => field !== 'disabled')
    .map((field) => text(`label.${field}`))
    .join(', ');

function notImportedRow({ reason, what, line }: NotImported): JQuery {
  return row(`${text('importExport.line', { line })}: ${what}`, text(`importExport.reason.${reason}`));
}

const row = (what: string, why: string): JQuery =>
  $('<li>').append($('<code>').text(what), document.createTextNode(` – ${why}`));

const paragraphIf = (wanted: boolean, words: string): JQuery => (wanted ? $('<p>').text(words) : $());

function section(heading: string, rows: readonly JQuery[]): JQuery {
  if (rows.length === 0) return $();
  const more = rows.length - MAX_ROWS;
  return $('<div>').append(
    $('<p>').text(text(heading)),
    $('<ul>').append(rows.slice(0, MAX_ROWS)),
    paragraphIf(more > 0, text('importExport.more', { number: more })),
  );
}
