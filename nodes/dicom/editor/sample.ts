import { PAYLOAD_FIELDS, type DicomField } from '../../../src/settings';
import { convertFile, SampleView, type SampleMessage, type Texts, type Values } from '../../editor';

/** What a file says of its object; the rest is of an association. */
const FACTS: readonly string[] = [
  'sopClassUID',
  'sopClassName',
  'sopInstanceUID',
  'transferSyntaxUID',
  'size',
  'warnings',
];

const PLAIN_NAME = /^[A-Za-z_$][\w$]*$/;

/** The tab with what the node makes of a file. Nothing of it is kept. */
export class SamplePanel {
  private readonly view: SampleView;
  private file: File | undefined;
  /** The settings with which what is shown was made. */
  private madeWith = '';

  constructor(
    private readonly texts: Texts,
    private readonly values: Values<DicomField>,
  ) {
    this.view = new SampleView(texts, (file) => {
      void this.view.showPicture(file);
      void this.convert(file);
    });
    this.view.describe('');
  }

  /** Called when the tab is shown: other settings make another message. */
  refresh(): void {
    if (this.file !== undefined && this.madeWith !== JSON.stringify(this.settings()))
      void this.convert(this.file);
  }

  private settings(): Record<string, string> {
    return Object.fromEntries(
      PAYLOAD_FIELDS.map((name) => [name, String(this.values(name) as string | boolean)]),
    );
  }

  private async convert(file: File): Promise<void> {
    const settings = this.settings();
    const made = JSON.stringify(settings);
    this.file = file;
    this.madeWith = made;
    this.view.tree.clear();
    this.view.describe(this.texts.text('sample.converting'));
    const isLatest = (): boolean => this.file === file && this.madeWith === made;
    try {
      const message = await convertFile(file, settings, false);
      if (!isLatest()) return;
      this.view.describe(`${this.texts.text('sample.made')} ${file.name}`);
      this.view.tree.show(this.ofFile(message));
    } catch (error) {
      if (isLatest()) this.view.describe('', this.view.problemText(error));
    }
  }

  /** As this node sends it. */
  private ofFile({ payload, topic, dicom }: SampleMessage): SampleMessage {
    const property = String(this.values('property'));
    const facts = Object.entries(dicom as object).filter(([name]) => FACTS.includes(name));
    return {
      [PLAIN_NAME.test(property) ? property : 'payload']: payload,
      topic,
      dicom: Object.fromEntries(facts),
    };
  }
}
