/**
 * What an import found, in words. Names, keys and values come from a file that anybody may have written: they go into the
 * page as text, and not through the catalogue, which would look for more keys in them.
 */
import {
  kept,
  readSetting,
  type FoundSetting,
  type ImportProblem,
  type NotImported,
} from '../../../src/integration-soup';
import type { EditorNode } from '../red';
import type { Texts } from '../texts';
import { part, type ImportingForm } from './importing-form';

/** More rows help nobody. */
const MAX_ROWS = 50;

export const settingTitle = ({ name, place }: FoundSetting): string => [name, place].join(' ').trim();

/** A setting was put into the dialog: which, and what remains to be looked at. */
export function importReport<Name extends string>(
  form: ImportingForm<Name>,
  node: EditorNode,
  setting: FoundSetting<Name>,
  left: readonly NotImported[],
): JQuery {
  const { texts } = form;
  const { text } = texts;
  const defaults = setting.leftOut
    .map((field) => form.label(field))
    .filter((label) => label !== undefined)
    .join(', ');
  const wrong = form.remarks(node).map(({ label, remark }) => row(label, remark.text));
  return $('<div>').append(
    $('<p>').text(`${text('importExport.imported')} ${settingTitle(setting)}`),
    paragraphIf(defaults !== '', `${text('importExport.leftOut')} ${defaults}`),
    section(texts, 'importExport.wrong', wrong),
    ...form.notes(setting).map((note) => $('<p>').text(note)),
    section(
      texts,
      'importExport.notImported',
      left.map((one) => notImportedRow(texts, one)),
    ),
  );
}

/** Nothing was put into the dialog: why, and where in the text. */
export function problemReport<Name extends string>(
  { texts }: ImportingForm<Name>,
  { code, line, column, found, excerpt }: ImportProblem,
  left: readonly NotImported[],
): JQuery {
  const { text } = texts;
  const place = excerpt === '' ? '' : `${text('importExport.place', { line, column })} `;
  const message = `${place}${text(`importExport.problem.${code}`)}${found.trim() === '' ? '' : ` ${found}`}`;
  return $('<div>').append(
    $('<p class="dicom-remark dicom-error">').text(message),
    excerpt === '' ? $() : $('<pre>').text(excerpt),
    section(
      texts,
      'importExport.notImported',
      left.map((one) => notImportedRow(texts, one)),
    ),
  );
}

/** Lists what the node keeps although it has no field for it. */
export function showKept<Name extends string>(form: ImportingForm<Name>, imported: string): void {
  const { text } = form.texts;
  const setting = kept(imported);
  const rows = setting === undefined ? [] : readSetting(form.kind, setting).notUnderstood;
  part(form, 'export-forget')
    .parent()
    .toggle(imported !== '');
  part(form, 'kept')
    .empty()
    .append(
      paragraphIf(imported === '', text('importExport.keptNothing')),
      section(
        form.texts,
        'importExport.kept',
        rows.map(({ path, reason, shown }) =>
          row(`${path}: ${shown}`, text(`importExport.reason.${reason}`)),
        ),
      ),
    );
}

function notImportedRow({ text }: Texts, { reason, what, line }: NotImported): JQuery {
  return row(`${text('importExport.line', { line })}: ${what}`, text(`importExport.reason.${reason}`));
}

const row = (what: string, why: string): JQuery =>
  $('<li>').append($('<code>').text(what), document.createTextNode(` – ${why}`));

const paragraphIf = (wanted: boolean, words: string): JQuery => (wanted ? $('<p>').text(words) : $());

function section({ text }: Texts, heading: string, rows: readonly JQuery[]): JQuery {
  if (rows.length === 0) return $();
  const more = rows.length - MAX_ROWS;
  return $('<div>').append(
    $('<p>').text(text(heading)),
    $('<ul>').append(rows.slice(0, MAX_ROWS)),
    paragraphIf(more > 0, text('importExport.more', { number: more })),
  );
}
