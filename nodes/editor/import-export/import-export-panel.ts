import {
  exportSetting,
  keep,
  updateKept,
  type FoundSetting,
  type SettingValues,
} from '../../../src/integration-soup';
import { isEnvironmentReference } from '../../../src/settings';
import type { EditorNode } from '../red';
import { ImportPanel } from './import-panel';
import { showKept } from './import-report';
import { part, type ImportingForm } from './importing-form';

/** The tab on which settings come from Integration Soup and go back there. */
export class ImportExportPanel<Name extends string> {
  private readonly element: JQuery;

  constructor(
    node: EditorNode,
    private readonly form: ImportingForm<Name>,
  ) {
    this.element = part(form, 'panel-importExport');
    new ImportPanel(node, form, (setting) => this.take(setting));
    this.part('forget').on('click', () => this.forget());
    this.part('copy').on('click', () => this.copy());
    this.part('download').on('click', () => this.download());
    form.dialog.on('input change', () => this.refresh());
    $('#node-input-node-disabled').on('change', () => this.refresh());
    showKept(form, this.imported());
  }

  /** Shows the JSON of the settings as they are now, where it can be seen. */
  refresh(): void {
    if (!this.element.is(':visible')) return;
    const values = this.form.values();
    const json = exportSetting(this.form.kind, values, this.imported());
    if (this.part('text').val() === json) return;
    this.part('text').val(json);
    this.part('done').text('');
    this.part('note').text(this.variablesNote(values));
  }

  /** Called before Node-RED reads the inputs. */
  save(): void {
    const { kind } = this.form;
    this.form.input('imported').val(updateKept(kind, this.form.values(), this.imported()));
  }

  private take(setting: FoundSetting<Name>): void {
    this.form.input('imported').val(keep(setting.json));
    this.form.enter(setting.values);
    this.keptChanged();
  }

  private forget(): void {
    this.form.input('imported').val('');
    this.keptChanged();
    // Its button is gone.
    this.part('text').trigger('focus');
  }

  private keptChanged(): void {
    showKept(this.form, this.imported());
    this.form.dialog.trigger('change');
  }

  private imported(): string {
    return String(this.form.input('imported').val() ?? '');
  }

  private copy(): void {
    const copied = RED.clipboard.copyText(String(this.part('text').val()));
    this.part('done').text(this.form.texts.text(copied ? 'importExport.copied' : 'importExport.notCopied'));
  }

  private download(): void {
    const blob = new Blob([String(this.part('text').val())], { type: 'application/json' });
    const url = URL.createObjectURL(blob);
    const name =
      String(this.form.input('name').val()).replace(/[^\p{L}\p{N}_.-]+/gu, '_') || this.form.texts.type;
    const link = $('<a>').attr({ href: url, download: `${name}.json` });
    link[0]?.click();
    URL.revokeObjectURL(url);
  }

  private part(name: string): JQuery {
    return part(this.form, `export-${name}`);
  }

  /** Integration Soup does not know Node-RED's way to name an environment variable. */
  private variablesNote(values: SettingValues<Name>): string {
    const { form } = this;
    const labels = [...values]
      .filter(([field, value]) => isEnvironmentReference(value) && form.mayNameVariables?.(field) !== true)
      .map(([field]) => form.label(field));
    return labels.length === 0 ? '' : `${form.texts.text('importExport.variables')} ${labels.join(', ')}`;
  }
}
