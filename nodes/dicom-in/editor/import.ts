import {
  MAX_IMPORT_SIZE,
  readIntegrationSoup,
  readIntegrationSoupFile,
  type FoundReceiver,
  type ReadImport,
} from '../../../src/integration-soup';
import { acceptChosenFile, acceptDrops, type EditorNode } from '../../editor';
import { text } from './form';
import { importReport, problemReport, receiverTitle } from './import-report';

/** Takes JSON that is pasted, dropped or chosen as a file, and lets the user choose among several receivers. */
export class ImportPanel {
  private readonly element = $('#dicom-in-import');

  /** @param take puts a receiver into the dialog */
  constructor(
    private readonly node: EditorNode,
    private readonly take: (receiver: FoundReceiver) => void,
  ) {
    const source = this.part('text');
    // After it has been inserted.
    source.on('paste', () => void setTimeout(() => this.readText()));
    this.part('run').on('click', () => this.readText());
    const file = (chosen: File): void => void this.readFile(chosen);
    acceptChosenFile(this.part('choose'), this.part('file'), file);
    acceptDrops(this.element, {
      file,
      text: (dropped) => {
        source.val(dropped);
        this.readText();
      },
    });
    this.part('choice').hide();
  }

  private readText(): void {
    this.show(readIntegrationSoup(String(this.part('text').val())));
  }

  private async readFile(file: File): Promise<void> {
    this.part('text').val('');
    // No more than what tells that it is too large.
    const bytes = await file.slice(0, MAX_IMPORT_SIZE + 1).arrayBuffer();
    this.show(readIntegrationSoupFile(new Uint8Array(bytes)));
  }

  private show(read: ReadImport): void {
    this.part('choice').hide();
    if ('problem' in read) return this.report(problemReport(read.problem, read.notImported));
    const [first, ...others] = read.receivers;
    if (first === undefined) return;
    const use = (receiver: FoundReceiver): void => {
      this.take(receiver);
      this.report(importReport(this.node, receiver, read.notImported));
    };
    if (others.length === 0) use(first);
    else this.offer(read.receivers, use);
  }

  private offer(receivers: readonly FoundReceiver[], use: (receiver: FoundReceiver) => void): void {
    this.report($('<p>').text(text('importExport.several', { number: receivers.length })));
    this.part('choice').show();
    const select = this.part('receiver').empty();
    receivers.forEach((receiver, index) => {
      const line = text('importExport.line', { line: receiver.line });
      $('<option>')
        .val(index)
        .text(`${receiverTitle(receiver)} (${line})`)
        .appendTo(select);
    });
    this.part('use')
      .off('click')
      .on('click', () => {
        const chosen = receivers[Number(select.val())];
        if (chosen !== undefined) use(chosen);
      });
    select.trigger('focus');
  }

  private report(content: JQuery): void {
    this.part('result').empty().append(content);
  }

  private part(name: string): JQuery {
    return this.element.find(`#dicom-in-import-${name}`);
  }
}
