import {
  exportReceiver,
  keep,
  updateKept,
  type FoundReceiver,
  type ReceiverValues,
} from '../../../src/integration-soup';
import { isEnvironmentReference } from '../../../src/settings';
import type { EditorNode } from '../../editor';
import { form, text } from './form';
import { ImportPanel } from './import';
import { showKept } from './import-report';
import { enterReceiverValues, receiverValues } from './receiver-values';

/** The tab on which settings come from Integration Soup and go back there. */
export class ImportExportPanel {
  private readonly element = $('#dicom-in-panel-importExport');

  constructor(node: EditorNode) {
    new ImportPanel(node, (receiver) => this.take(receiver));
    this.part('forget').on('click', () => this.forget());
    this.part('copy').on('click', () => this.copy());
    this.part('download').on('click', () => this.download());
    form.dialog.on('input change', () => this.refresh());
    $('#node-input-node-disabled').on('change', () => this.refresh());
    showKept(this.imported());
  }

  /** Shows the JSON of the settings as they are now, where it can be seen. */
  refresh(): void {
    if (!this.element.is(':visible')) return;
    const values = receiverValues();
    const json = exportReceiver(values, this.imported());
    if (this.part('text').val() === json) return;
    this.part('text').val(json);
    this.part('done').text('');
    this.part('note').text(variablesNote(values));
  }

  /** Called before Node-RED reads the inputs. */
  save(): void {
    form.fields.input('imported').val(updateKept(receiverValues(), this.imported()));
  }

  private take(receiver: FoundReceiver): void {
    form.fields.input('imported').val(keep(receiver.json));
    enterReceiverValues(receiver.values);
    this.keptChanged();
  }

  private forget(): void {
    form.fields.input('imported').val('');
    this.keptChanged();
    // Its button is gone.
    this.part('text').trigger('focus');
  }

  private keptChanged(): void {
    showKept(this.imported());
    form.dialog.trigger('change');
  }

  private imported(): string {
    return String(form.fields.input('imported').val() ?? '');
  }

  private copy(): void {
    const copied = RED.clipboard.copyText(String(this.part('text').val()));
    this.part('done').text(text(copied ? 'importExport.copied' : 'importExport.notCopied'));
  }

  private download(): void {
    const blob = new Blob([String(this.part('text').val())], { type: 'application/json' });
    const url = URL.createObjectURL(blob);
    const name =
      String(form.fields.input('name').val()).replace(/[^\p{L}\p{N}_.-]+/gu, '_') || 'dicom-receiver';
    const link = $('<a>').attr({ href: url, download: `${name}.json` });
    link[0]?.click();
    URL.revokeObjectURL(url);
  }

  private part(name: string): JQuery {
    return this.element.find(`#dicom-in-export-${name}`);
  }
}

/** Integration Soup does not know Node-RED's way to name an environment variable. */
function variablesNote(values: ReceiverValues): string {
  const labels = [...values]
    .filter(([field, value]) => field !== 'receivedMessageTemplate' && isEnvironmentReference(value))
    .map(([field]) => text(`label.${field}`));
  return labels.length === 0 ? '' : `${text('importExport.variables')} ${labels.join(', ')}`;
}
