import { isAbsolute } from 'node:path';
import type { MessagePort } from 'node:worker_threads';
import type { Node, NodeAPI } from 'node-red';
import { asError } from '../../../src/basics';
import {
  hasFailed,
  type BuildFrom,
  type BuildTask,
  type BuiltMessage,
  type Given,
  type ReadMessage,
} from '../../../src/edit';
import { payloadOf } from '../../../src/message';
import { DICOM, type DicomSettings } from '../../../src/settings';
import { editWorkerOf } from '../../runtime/edit-worker';
import { WorkerNode, type WorkKind } from '../../runtime/worker-node';
import {
  bytesOf,
  type MadeFacts,
  type MessageObject,
  type ObjectMessage,
  objectOf,
  putNewObject,
} from '../../runtime/objects';
import { settingsFailure } from '../../runtime/node-errors';
import { DICOM_ERRORS, DicomFailed, type DicomFailure } from './dicom-error';
import { plainMessage } from './plain-message';
import { taskOf, type NodeTask } from './task';

/** The worker takes as many at once. */
const AT_A_TIME = 4;

/** What a message becomes. */
type Outcome =
  | { kind: 'as-it-is' }
  | { kind: 'read'; made: ReadMessage; task: Extract<NodeTask, { kind: 'read' }> }
  | { kind: 'built'; made: BuiltMessage };

/** A deployed `dicom` node: joins messages with the worker that reads and makes objects. */
export class DicomNode extends WorkerNode<DicomFailure, Outcome> {
  protected readonly invalid: DicomFailed | undefined;
  private readonly settings: DicomSettings;

  constructor(RED: NodeAPI, node: Node, config: Record<string, unknown>) {
    const { settings, problems } = DICOM.parse(config);
    super(RED, node, KIND, problems);
    this.settings = settings;
    this.invalid = settingsFailure(DicomFailed, this.settingsProblems());
  }

  protected async resultOf(message: ObjectMessage): Promise<Outcome> {
    const task = taskOf(this.settings, message, this.valueIn(message, this.settings.property));
    switch (task.kind) {
      case 'nothing':
        return { kind: 'as-it-is' };
      case 'neither':
        return this.neither();
      case 'read':
        return this.read(task);
      case 'changed':
        return this.build({ kind: 'changed' }, this.objectOf(message), message);
      case 'recipe': {
        const { json } = plainMessage(this.valueIn(message, this.settings.valuesFrom));
        const { recipe, ingredient } = task;
        return this.build({ kind: 'recipe', recipe, ingredient, values: json }, undefined, message);
      }
      case 'attributes': {
        const { json, hasReferences } = plainMessage(task.attributes);
        const from: BuildFrom = { kind: 'attributes', attributes: json };
        return this.build(from, hasReferences ? this.baseOf(message) : undefined, message);
      }
    }
  }

  /** @throws DicomFailed where such messages fail */
  private neither(): Outcome {
    if (this.settings.onInvalid === 'pass') return { kind: 'as-it-is' };
    throw new DicomFailed('invalid', { property: this.settings.property });
  }

  private async read(task: Extract<NodeTask, { kind: 'read' }>): Promise<Outcome> {
    const { settings } = this;
    const { document, acceptHeadless } = settings;
    const made = await editWorkerOf(this.RED).ask('read', { place: task.place }, undefined, {
      payload: payloadOf(settings),
      document,
      acceptHeadless,
    });
    if (!hasFailed(made)) return { kind: 'read', made, task };
    if (made.failure.code === 'no-file-meta') return this.neither();
    throw this.failureOf(made, 'notRead');
  }

  /** @param object that is given with the request, and opened with its pending changes; undefined: none is */
  private async build(
    from: BuildFrom,
    object: MessageObject | undefined,
    message: ObjectMessage,
  ): Promise<Outcome> {
    const { outputAs: as, newUids, directory, filenameTemplate, collision } = this.settings;
    const output: BuildTask['output'] =
      as === 'file' ? { as, directory, filenameTemplate, collision } : { as };
    const { given, port } = object === undefined ? NOTHING_GIVEN : await this.opened(object, message);
    try {
      const made = await editWorkerOf(this.RED).ask('build', given, port, { from, newUids, output });
      if (hasFailed(made)) throw this.failureOf(made, from.kind === 'changed' ? 'notRead' : 'notBuilt');
      return { kind: 'built', made };
    } finally {
      port?.close();
    }
  }

  /** @throws DicomFailed */
  private objectOf(message: ObjectMessage): MessageObject {
    const object = objectOf(message, 'message');
    if (object === undefined) throw new DicomFailed('objectGone', { reason: this.text('reason.noObject') });
    return object;
  }

  /** The object to which references in a message refer; undefined: it is not there. @throws DicomFailed */
  private baseOf(message: ObjectMessage): MessageObject | undefined {
    const { baseFrom } = this.settings;
    // What it is called in the message may have been changed, and be what is to be built.
    if (baseFrom === '') {
      const object = objectOf(message, 'message');
      return object && { place: object.place };
    }
    const base = this.valueIn(message, baseFrom);
    const bytes = bytesOf(base);
    if (bytes !== undefined) return { place: { kind: 'bytes', bytes } };
    if (typeof base === 'string' && isAbsolute(base)) return { place: { kind: 'file', path: base } };
    throw new DicomFailed('notBuilt', { reason: this.text('reason.noBase', { property: baseFrom }) });
  }

  /** @throws DicomFailed where the name is none of a property */
  private valueIn(message: ObjectMessage, property: string): unknown {
    try {
      return this.RED.util.getMessageProperty(message, property) as unknown;
    } catch (error) {
      // A part of the way to it is not there.
      if (error instanceof TypeError) return undefined;
      throw new DicomFailed('settingsInvalid', { problems: `${property}: ${asError(error).message}` });
    }
  }

  protected change(message: ObjectMessage, outcome: Outcome): void {
    if (outcome.kind === 'as-it-is') return;
    const { payload, ...made } = JSON.parse(outcome.made.json) as MadeFacts;
    if (outcome.kind === 'built') {
      const { made: built } = outcome;
      if ('object' in built) {
        const object = bufferOf(built.object);
        this.putBuilt(message, object, { object }, made);
      } else if ('filename' in built)
        this.putBuilt(message, built.filename, { filename: built.filename }, made);
      else this.putBuilt(message, built.base64, undefined, made);
      return;
    }
    const { object, document } = outcome.made;
    const { place } = outcome.task;
    if (object !== undefined) putNewObject(message, { object: bufferOf(object) }, made);
    else if (place.kind === 'bytes') putNewObject(message, { object: place.bytes }, made);
    else putNewObject(message, { filename: place.path }, made);
    if (document !== undefined)
      Object.assign(message.dicom ?? {}, { document: { ...document, data: bufferOf(document.data) } });
    this.putResult(message, payload);
  }

  private putBuilt(
    message: ObjectMessage,
    result: Buffer | string,
    place: Parameters<typeof putNewObject>[1],
    made: MadeFacts,
  ): void {
    putNewObject(message, place, made);
    this.putResult(message, result);
  }

  private putResult(message: ObjectMessage, result: unknown): void {
    this.RED.util.setMessageProperty(message, this.settings.property, result, true);
  }
}

const NOTHING_GIVEN: { given: Given | undefined; port: MessagePort | undefined } = {
  given: undefined,
  port: undefined,
};

const KIND: WorkKind<DicomFailure> = {
  type: DICOM.type,
  errors: DICOM_ERRORS,
  worker: editWorkerOf,
  makesObject: true,
  atATime: AT_A_TIME,
  unheard: 'stopped',
  failures: {
    'not-the-object': 'notTheObject',
    'changes-invalid': 'notChanged',
    'cannot-change': 'notChanged',
    'cannot-build': 'notBuilt',
    'too-large': 'tooLarge',
    'not-placed': 'notStored',
    'name-refused': 'notStored',
  },
};

/** The same memory. */
function bufferOf({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length);
}
