import './red';
import { acceptChosenFile, acceptDrops } from './drop';
import { MessageTree } from './message-tree';
import { failureText, RequestFailed } from './requests';
import { pictureOf, SAMPLE_ROUTES } from './sample-file';
import type { Texts } from './texts';

/** The tab in which a file is dropped: its message as a tree (`sample-drop` and `sample-shown` of the parts), and its picture. */
export class SampleView {
  readonly element: JQuery;
  readonly tree: MessageTree;
  /** Whose picture is shown, or awaited. */
  private pictured: File | undefined;

  /** @param take called with a file that was dropped, or chosen */
  constructor(
    private readonly texts: Texts,
    take: (file: File) => void,
  ) {
    this.element = $(`#${texts.type}-panel-sample`);
    this.tree = new MessageTree(this.part('tree'), texts, (path, done) => this.tellOfCopy(path, done));
    acceptDrops(this.element, { file: take });
    acceptChosenFile(this.part('choose'), this.part('file'), take);
  }

  part(name: string): JQuery {
    return this.element.find(`#${this.texts.type}-sample-${name}`);
  }

  /** Says what is shown, and what is to be known of it. */
  describe(status: string, remark = ''): void {
    this.part('status').text(status);
    this.part('remark')
      .text(remark)
      .toggle(remark !== '');
    this.part('copied').text('');
  }

  /** Shows what the object of a file looks like, or why it looks like nothing, beside its tree. */
  async showPicture(file: File): Promise<void> {
    const { text } = this.texts;
    this.hidePicture();
    this.pictured = file;
    const caption = this.part('caption').text(text('sample.pictureComing'));
    let url = '';
    let words = text('sample.notForDiagnosis');
    try {
      const made = await pictureOf(file);
      if ('url' in made) ({ url } = made);
      else words = `${text('sample.noPicture')} ${made.reason}`;
    } catch (error) {
      words = this.problemText(error);
    }
    // Something else is shown by now.
    if (this.pictured !== file) return;
    caption.text(words);
    if (url !== '') this.part('picture').attr('src', url).show();
  }

  hidePicture(): void {
    this.pictured = undefined;
    this.part('picture').hide().removeAttr('src');
    this.part('caption').text('');
  }

  /** Why there is no message, or no picture. @throws what is no failed request */
  problemText(error: unknown): string {
    if (!(error instanceof RequestFailed)) throw error;
    const { text, hasText } = this.texts;
    const key = `sample.problem.${error.problem}`;
    if (error.problem === undefined || !hasText(key))
      return failureText(error, { ...this.texts, type: SAMPLE_ROUTES });
    return error.problem === 'damaged' ? `${text(key)} (${error.message})` : text(key);
  }

  private tellOfCopy(path: string | undefined, done: boolean): void {
    const key = path === undefined ? 'sample.noPath' : done ? 'sample.copied' : 'sample.notCopied';
    this.part('copied').text(`${this.texts.text(key)} ${path ?? ''}`);
  }
}
