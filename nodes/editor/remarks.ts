import type { Finding } from '../../src/settings';
import type { Texts } from './texts';

/** A remark about one field in words, as shown under it. */
export interface Remark {
  severity: Finding['severity'];
  text: string;
  /** A value that would do, offered for one click. */
  instead?: string;
}

/** A finding in words. */
export function remark({ severity, code, values }: Finding, { text }: Texts): Remark {
  return { severity, text: text(`problem.${code}`, values) };
}

/** Shows remarks in the room for them under a field. */
export function showRemarks(room: JQuery, input: JQuery, found: readonly Remark[], texts: Texts): void {
  // Only changes are written, so that a screen reader does not repeat what stands there.
  const shown = JSON.stringify(found);
  if (room.data('shown') !== shown) {
    room
      .data('shown', shown)
      .empty()
      .append(found.map((one) => element(one, input, texts)));
  }
  input.attr('aria-invalid', String(found.some(({ severity }) => severity === 'error')));
}

function element({ severity, text: words, instead }: Remark, input: JQuery, { text }: Texts): JQuery {
  const line = $('<div>').addClass(`dicom-remark dicom-${severity}`).text(words);
  if (instead === undefined) return line;
  const button = $('<button type="button" class="red-ui-button red-ui-button-small">')
    .text(text('form.use', { value: instead }))
    .on('click', () => void input.val(instead).trigger('change').trigger('focus'));
  return line.append(' ', button);
}
