import type { Node, NodeAPI } from 'node-red';
import { hasFailed } from '../../../src/edit';
import { MOST_PICTURE_BYTES, type Picture, type Pictures, type PictureTask } from '../../../src/image';
import { DICOM_IMAGE, frameOf, type DicomImageSettings } from '../../../src/settings';
import { imageWorkerOf } from '../../runtime/image-worker';
import { settingsFailure } from '../../runtime/node-errors';
import { errorTexts } from '../../runtime/node-texts';
import { type MessageObject, type ObjectMessage, objectOf } from '../../runtime/objects';
import { WorkerNode, type WorkKind } from '../../runtime/worker-node';
import { IMAGE_ERRORS, ImageFailed, type ImageFailure } from './image-error';
import { messageOf, seriesOf, shownOf, type Series } from './study-series';

type ImageMessage = ObjectMessage & { image?: unknown; picture?: unknown };

/** What a message says of a picture beside the picture itself. */
type PictureFacts = Omit<Picture, 'data'> & { frames?: number };

/** What goes into a message. */
interface Result {
  value: unknown;
  facts: PictureFacts | PictureFacts[];
}

/** A deployed `dicom-image` node: joins messages with the worker that makes pictures. */
export class ImageNode extends WorkerNode<ImageFailure, Result> {
  protected readonly invalid: ImageFailed | undefined;
  private readonly settings: DicomImageSettings;

  constructor(
    RED: NodeAPI,
    node: Node,
    private readonly config: Record<string, unknown>,
  ) {
    const { settings, problems } = DICOM_IMAGE.parse(config);
    super(RED, node, KIND, problems);
    this.settings = settings;
    this.invalid = settingsFailure(ImageFailed, this.settingsProblems());
  }

  /** @throws ImageFailed */
  protected async resultOf(message: ImageMessage): Promise<Result> {
    const settings = this.settingsFor(message);
    const series = seriesOf(message);
    if (series !== undefined) return this.ofStudy(series, settings);
    const object = objectOf(message, 'message') ?? objectOf(message, 'payload');
    if (object === undefined) throw new ImageFailed('noObject');
    const made = await this.picturesOf(object, message, settings);
    const facts = factsOf(made);
    const values = made.pictures.map((picture) => valueOf(picture, settings));
    if (settings.frame === 'all') return { value: values, facts };
    return { value: values[0], facts: facts[0] ?? [] };
  }

  /** What `msg.image` says counts before the node's settings. @throws ImageFailed */
  private settingsFor({ image }: ImageMessage): DicomImageSettings {
    if (image === undefined || image === null) return this.settings;
    if (typeof image !== 'object') throw new ImageFailed('notUnderstood', { problems: 'msg.image' });
    const said = Object.entries(image).filter(([name]) => OF_MESSAGES.has(name));
    const { settings, problems } = DICOM_IMAGE.parse({ ...this.config, ...Object.fromEntries(said) });
    const wrong = errorTexts(this.text, problems);
    if (wrong.length > 0) throw new ImageFailed('notUnderstood', { problems: wrong.join('; ') });
    return settings;
  }

  /** A picture of each series, or why there is none. */
  private async ofStudy(series: Series[], settings: DicomImageSettings): Promise<Result> {
    const shown: Record<string, unknown>[] = [];
    const facts: PictureFacts[] = [];
    let bytes = 0;
    for (const each of series) {
      const { picture, ...rest } = await this.ofSeries(each, settings, MOST_PICTURE_BYTES - bytes);
      bytes += picture?.data.length ?? 0;
      shown.push({ ...each.facts, ...rest, ...(picture && { data: valueOf(picture, settings) }) });
      if (picture !== undefined) facts.push(...factsOf({ pictures: [picture], frames: 0 }));
    }
    return { value: shown, facts };
  }

  /** @param room bytes that its picture may have */
  private async ofSeries(
    series: Series,
    settings: DicomImageSettings,
    room: number,
  ): Promise<{ picture?: Picture; reason?: string; code?: string; SOPInstanceUID?: unknown }> {
    const shown = shownOf(series, settings.frame);
    if (shown === undefined) return { reason: this.text('reason.noSuchInstance') };
    const { instance, frame } = shown;
    const { SOPInstanceUID } = instance;
    try {
      const message = messageOf(instance);
      const object = objectOf(message, 'message');
      if (object === undefined) throw new ImageFailed('noObject');
      const { pictures, frames } = await this.picturesOf(object, message, { ...settings, frame });
      const [picture] = pictures;
      if (picture !== undefined && picture.data.length > room)
        throw new ImageFailed('noPicture', { reason: this.text('reason.tooManyBytes') });
      const about = factsOf({ pictures, frames })[0];
      return { SOPInstanceUID, ...about, ...(picture && { picture }) };
    } catch (error) {
      // The other series are to be seen all the same.
      const { message: reason, code } = this.errorOf(error) as Error & { code?: string };
      return { SOPInstanceUID, reason, ...(code !== undefined && { code }) };
    }
  }

  /** @throws ImageFailed; DicomError where the pending changes of the message are none */
  private async picturesOf(
    object: MessageObject,
    message: ObjectMessage,
    settings: DicomImageSettings,
  ): Promise<Pictures> {
    if (this.isClosed) throw new ImageFailed('stopped');
    const { given, port } = await this.opened(object, message);
    const made = await imageWorkerOf(this.RED).pictures(given, port, taskOf(settings));
    if (!hasFailed(made)) return made;
    throw this.isClosed ? new ImageFailed('stopped') : this.failureOf(made, 'notRead');
  }

  protected change(message: ImageMessage, { value, facts }: Result): void {
    message.picture = facts;
    this.RED.util.setMessageProperty(message, this.settings.property, value, true);
  }
}

const KIND: WorkKind<ImageFailure> = {
  type: DICOM_IMAGE.type,
  errors: IMAGE_ERRORS,
  worker: imageWorkerOf,
  makesObject: false,
  // The worker makes one at a time.
  atATime: 1,
  unheard: 'stopped',
  failures: {
    'no-picture': 'noPicture',
    'too-much-work': 'tooMuchWork',
    'not-the-object': 'notTheObject',
    'changes-invalid': 'notChanged',
    'cannot-change': 'notChanged',
  },
};

/** Where the result goes is a matter of the node. */
const OF_MESSAGES: ReadonlySet<string> = new Set([
  'format',
  'frame',
  'longestEdge',
  'window',
  'windowCenter',
  'windowWidth',
  'overlays',
]);

function taskOf(settings: DicomImageSettings): PictureTask {
  const { format, frame, longestEdge, window, windowCenter, windowWidth, overlays } = settings;
  return {
    format: format === 'jpeg' ? 'jpeg' : 'png',
    frame: frameOf(frame),
    longestEdge,
    window:
      window === 'given'
        ? { kind: 'given', center: Number(windowCenter), width: Number(windowWidth) }
        : { kind: window },
    overlays,
  };
}

function valueOf({ mediaType, data }: Picture, { format }: DicomImageSettings): Buffer | string {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return format === 'data-url' ? `data:${mediaType};base64,${bytes.toString('base64')}` : bytes;
}

function factsOf({ pictures, frames }: Pictures): PictureFacts[] {
  return pictures.map(({ mediaType, width, height, frame }) => ({
    mediaType,
    ...(width !== undefined && { width }),
    ...(height !== undefined && { height }),
    ...(frame !== undefined && { frame }),
    ...(frames > 0 && { frames }),
  }));
}
