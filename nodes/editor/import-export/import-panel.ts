import {
  MAX_IMPORT_SIZE,
  readIntegrationSoup,
  readIntegrationSoupFile,
  type FoundSetting,
  type ReadImport,
} from '../../../src/integration-soup';
import { acceptChosenFile, acceptDrops } from '../drop';
import type { EditorNode } from '../red';
import { importReport, problemReport, settingTitle } from './import-report';
import { part, type ImportingForm } from './importing-form';

/** Takes JSON that is pasted, dropped or chosen as a file, and lets the user choose among several settings. */
export class ImportPanel<Name extends string> {
  /** @param take puts a setting into the dialog */
  constructor(
    private readonly node: EditorNode,
    private readonly form: ImportingForm<Name>,
    private readonly take: (setting: FoundSetting<Name>) => void,
  ) {
    const source = this.part('text');
    // After it has been inserted.
    source.on('paste', () => void setTimeout(() => this.readText()));
    this.part('run').on('click', () => this.readText());
    const file = (chosen: File): void => void this.readFile(chosen);
    acceptChosenFile(this.part('choose'), this.part('file'), file);
    acceptDrops(part(form, 'import'), {
      file,
      text: (dropped) => {
        source.val(dropped);
        this.readText();
      },
    });
    this.part('choice').hide();
  }

  private readText(): void {
    this.show(readIntegrationSoup(this.form.kind, String(this.part('text').val())));
  }

  private async readFile(file: File): Promise<void> {
    this.part('text').val('');
    // No more than what tells that it is too large.
    const bytes = await file.slice(0, MAX_IMPORT_SIZE + 1).arrayBuffer();
    this.show(readIntegrationSoupFile(this.form.kind, new Uint8Array(bytes)));
  }

  private show(read: ReadImport<Name>): void {
    this.part('choice').hide();
    if ('problem' in read) return this.report(problemReport(this.form, read.problem, read.notImported));
    const [first, ...others] = read.settings;
    if (first === undefined) return;
    const use = (setting: FoundSetting<Name>): void => {
      this.take(setting);
      this.report(importReport(this.form, this.node, setting, read.notImported));
    };
    if (others.length === 0) use(first);
    else this.offer(read.settings, use);
  }

  private offer(settings: readonly FoundSetting<Name>[], use: (setting: FoundSetting<Name>) => void): void {
    const { text } = this.form.texts;
    this.report($('<p>').text(text('importExport.several', { number: settings.length })));
    this.part('choice').show();
    const select = this.part('setting').empty();
    settings.forEach((setting, index) => {
      const line = text('importExport.line', { line: setting.line });
      $('<option>')
        .val(index)
        .text(`${settingTitle(setting)} (${line})`)
        .appendTo(select);
    });
    this.part('use')
      .off('click')
      .on('click', () => {
        const chosen = settings[Number(select.val())];
        if (chosen !== undefined) use(chosen);
      });
    select.trigger('focus');
  }

  private report(content: JQuery): void {
    this.part('result').empty().append(content);
  }

  private part(name: string): JQuery {
    return part(this.form, `import-${name}`);
  }
}
