import type { Node, NodeAPI } from 'node-red';
import { asError } from '../../../src/basics';
import { DicomError } from '../../../src/dicom';
import { hasFailed, type EditFailure } from '../../../src/edit';
import { MOST_PICTURE_BYTES, type Picture, type Pictures, type PictureTask } from '../../../src/image';
import { DICOM_IMAGE, frameOf, type DicomImageProblem, type DicomImageSettings } from '../../../src/settings';
import {
  beginWork,
  givenObject,
  type MessageObject,
  type ObjectMessage,
  objectOf,
} from '../../runtime/objects';
import { imageWorkerOf } from '../../runtime/image-worker';
import { InOrder } from '../../runtime/in-order';
import { settingsFailure } from '../../runtime/node-errors';
import { errorTexts, nodeTexts, type Text } from '../../runtime/node-texts';
import { IMAGE_ERRORS, ImageFailed, type ImageFailure } from './image-error';
import { messageOf, seriesOf, shownOf, type Series } from './study-series';
import { onInput } from '../../runtime/on-input';
import { runNode } from '../../runtime/run-node';
import { tellUncaused, warnOfSettings } from '../../runtime/tell';

type ImageMessage = ObjectMessage & { image?: unknown; picture?: unknown };
type Send = (message: ImageMessage) => void;
type Done = (error?: Error) => void;

/** What a message says of a picture beside the picture itself. */
type PictureFacts = Omit<Picture, 'data'> & { frames?: number };

/** What goes into a message. */
interface Result {
  value: unknown;
  facts: PictureFacts | PictureFacts[];
}

/** That may wait. What comes beyond fails, so that memory is bounded. */
const MOST_WAITING = 1_000;

/** A deployed `dicom-image` node: joins messages with the worker that makes pictures. */
export class ImageNode {
  private readonly text: Text;
  private readonly settings: DicomImageSettings;
  private readonly problems: DicomImageProblem[];
  /** The worker makes one at a time. */
  private readonly order = new InOrder(1, (error) => this.node.error(error.message));
  private isClosed = false;

  constructor(
    private readonly RED: NodeAPI,
    private readonly node: Node,
    private readonly config: Record<string, unknown>,
  ) {
    this.text = nodeTexts(RED, DICOM_IMAGE.type);
    ({ settings: this.settings, problems: this.problems } = DICOM_IMAGE.parse(config));
  }

  run(): void {
    runNode(this.RED, this.node, this, {
      started: () => this.flowsStarted(),
      close: () => this.close(),
    });
    imageWorkerOf(this.RED).addUser(this);
    onInput(this.node, (message, send, done) => this.take(message, send, done));
    if (this.invalid === undefined) this.node.status({});
    else this.node.status({ fill: 'red', shape: 'ring', text: this.text('status.settings') });
  }

  private flowsStarted(): void {
    warnOfSettings(this.node, this.text, this.problems);
    if (this.invalid !== undefined) tellUncaused(this.node, IMAGE_ERRORS.errorOf(this.text, this.invalid));
  }

  private get invalid(): ImageFailed | undefined {
    return settingsFailure(ImageFailed, errorTexts(this.text, this.problems));
  }

  private take(message: ImageMessage, send: Send, done: Done): void {
    if (this.order.size >= MOST_WAITING) {
      done(IMAGE_ERRORS.errorOf(this.text, new ImageFailed('busy', { max: MOST_WAITING })));
      return;
    }
    const workEnds = beginWork(message);
    this.order.add(
      () => this.resultOf(message),
      (outcome) => {
        // Who gets a picture has no need of the object.
        workEnds(false);
        try {
          if (outcome.status === 'rejected') throw outcome.reason;
          // Nothing of it before: what fails leaves the message as it was.
          const { value, facts } = outcome.value;
          message.picture = facts;
          this.RED.util.setMessageProperty(message, this.settings.property, value, true);
        } catch (error) {
          done(this.errorOf(error));
          return;
        }
        send(message);
        done();
      },
    );
  }

  /** @throws ImageFailed */
  private async resultOf(message: ImageMessage): Promise<Result> {
    if (this.invalid !== undefined) throw this.invalid;
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
    const { given, port } = await opened(object, message);
    const made = await imageWorkerOf(this.RED).pictures(given, port, taskOf(settings));
    if (!hasFailed(made)) return made;
    throw this.isClosed ? new ImageFailed('stopped') : failureOf(made);
  }

  private errorOf(reason: unknown): Error {
    if (reason instanceof ImageFailed) return IMAGE_ERRORS.errorOf(this.text, reason);
    if (reason instanceof DicomError)
      return IMAGE_ERRORS.errorOf(this.text, new ImageFailed('notChanged', { reason: reason.message }));
    return asError(reason);
  }

  private async close(): Promise<void> {
    this.isClosed = true;
    // What is being made is not waited for.
    await imageWorkerOf(this.RED).removeUser(this);
    await this.order.idle;
  }
}

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

/** @throws ImageFailed where its queue does not have it; DicomError where the pending changes are none */
async function opened(object: MessageObject, message: ObjectMessage): ReturnType<typeof givenObject> {
  try {
    return await givenObject(object, message);
  } catch (error) {
    if (error instanceof DicomError) throw error;
    throw new ImageFailed('objectGone', { reason: asError(error).message });
  }
}

const FAILURES: Readonly<Record<string, ImageFailure>> = {
  'no-picture': 'noPicture',
  'too-much-work': 'tooMuchWork',
  'not-the-object': 'notTheObject',
  'changes-invalid': 'notChanged',
  'cannot-change': 'notChanged',
};

function failureOf({ failure: { code, text } }: EditFailure): ImageFailed {
  return new ImageFailed(FAILURES[code] ?? 'notRead', { reason: text });
}
