import { isWholeMessage } from '../../../src/settings';
import { convertFile, type SampleMessage, SampleView } from '../../editor';
import { form, text } from './form';
import { builtInSample, settingsOf } from './sample-requests';

/** A message that was made of a file. */
interface Offered {
  file: File;
  message: SampleMessage;
  placeholders: boolean;
}

/**
 * The tab with the sample message: made from a file, kept in the node, or the built-in one.
 * What is made of a file is shown only; it goes into the node when the user says so.
 */
export class SamplePanel {
  private readonly template = form.fields.input('receivedMessageTemplate');
  private readonly view = new SampleView(form.texts, (file) => void this.convert(file));
  /** Of which a message is shown that is not kept, or awaited. */
  private file: File | undefined;
  /** What is shown of it. */
  private offered: Offered | undefined;
  /** The request whose answer is awaited; answers to earlier ones are ignored. */
  private latest = 0;

  /** @param template the node's own */
  constructor(template: unknown) {
    form.fields.enterText('receivedMessageTemplate', typeof template === 'string' ? template : '');
    this.part('placeholders').on('change', () => {
      if (this.file !== undefined) void this.convert(this.file);
    });
    this.part('discard').on('click', () => this.showStored('choose'));
    this.part('remove').on('click', () => this.store('', 'choose'));
    this.part('text').on('input', () => this.template.val(String(this.part('text').val())));
    this.part('text').on('change', () => this.showStored());
  }

  /** Called when the tab is shown: an import may have brought another message, other settings make another one. */
  refresh(): void {
    if (this.file === undefined) this.showStored();
  }

  private async convert(file: File): Promise<void> {
    const placeholders = this.part('placeholders').is(':checked');
    const before = this.offered;
    const isOther = this.file !== file;
    this.file = file;
    this.offered = undefined;
    // Other placeholders make no other picture.
    if (isOther) this.view.hidePicture();
    await this.show(
      text('sample.converting'),
      () => convertFile(file, settingsOf(form.fields.inDialog()), placeholders),
      {
        shown: (message) => {
          this.offerMessage({ file, message, placeholders });
          if (isOther) void this.view.showPicture(file);
        },
        failed: (problem) => {
          // One that is none does not take away another one. The same one with other placeholders is another message.
          const isAnother = before?.file !== file && before?.placeholders === placeholders;
          if (before === undefined || !isAnother) this.offer('discard');
          else {
            this.offerMessage(before, `${file.name}: ${problem}`);
            void this.view.showPicture(before.file);
          }
        },
      },
    );
  }

  /** Shows a message that was made, which may be kept. */
  private offerMessage(offered: Offered, remark = ''): void {
    const { file, message, placeholders } = offered;
    this.file = file;
    this.offered = offered;
    this.view.tree.show(message);
    const remarks = [remark, placeholders ? '' : text('sample.patientData')];
    this.view.describe(
      `${text('sample.notKept')} ${file.name}`,
      remarks.filter((each) => each !== '').join(' '),
    );
    this.offer('keep', 'discard');
    this.part('keep')
      .text(text(placeholders ? 'sample.keep' : 'sample.keepPatientData'))
      .off('click')
      .on('click', () => this.store(JSON.stringify(message), 'remove'));
  }

  /** @param next which button has the focus, where the one that had it goes */
  private store(template: string, next: string): void {
    this.template.val(template).trigger('change');
    this.showStored(next);
  }

  /** What the node's button will send. */
  private showStored(next?: string): void {
    const template = String(this.template.val() ?? '');
    this.file = undefined;
    this.offered = undefined;
    this.view.hidePicture();
    if (this.part('text').val() !== template) this.part('text').val(readable(template));
    if (template.trim() === '') void this.showBuiltIn();
    else this.showKept(template);
    if (next !== undefined) this.part(next).trigger('focus');
  }

  private async showBuiltIn(): Promise<void> {
    this.offer();
    await this.show('', () => builtInSample(form.fields.inDialog()), {
      shown: (message) => {
        this.view.tree.show(message);
        this.view.describe(text('sample.builtIn'));
      },
    });
  }

  private showKept(template: string): void {
    this.latest += 1;
    this.offer('remove');
    const message = read(template);
    if (message === undefined) {
      this.view.describe(text('sample.kept'), text('sample.notJson'));
      this.view.tree.clear();
      this.part('edit').prop('open', true);
      return;
    }
    const isMessage = isWholeMessage(message);
    this.view.describe(text('sample.kept'), isMessage ? '' : text('sample.payloadOnly'));
    this.view.tree.show(isMessage ? { ...message } : { payload: message });
  }

  /** Shows the answer to a request, unless a later one has been made meanwhile. */
  private async show(
    meanwhile: string,
    ask: () => Promise<SampleMessage>,
    then: { shown(message: SampleMessage): void; failed?(problem: string): void },
  ): Promise<void> {
    this.latest += 1;
    const mine = this.latest;
    this.view.describe(meanwhile);
    // A click on what is about to go would be lost.
    this.view.tree.clear();
    try {
      const message = await ask();
      if (mine !== this.latest) return;
      then.shown(message);
    } catch (error) {
      if (mine !== this.latest) return;
      const problem = this.view.problemText(error);
      this.view.describe('', problem);
      then.failed?.(problem);
    }
  }

  /** Which buttons there are. */
  private offer(...buttons: string[]): void {
    for (const button of ['keep', 'discard', 'remove']) this.part(button).toggle(buttons.includes(button));
  }

  private part(name: string): JQuery {
    return this.view.part(name);
  }
}

/** Any JSON; undefined for other text. */
function read(template: string): unknown {
  try {
    return JSON.parse(template) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Indented; unchanged if it was written in a form that might matter. */
function readable(template: string): string {
  const json = read(template);
  return json !== undefined && JSON.stringify(json) === template ? JSON.stringify(json, null, 2) : template;
}
