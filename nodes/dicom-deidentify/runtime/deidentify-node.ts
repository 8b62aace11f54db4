import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import type { Node, NodeAPI, NodeMessage } from 'node-red';
import { asError, soManyAtATime } from '../../../src/basics';
import { DicomError, type DeidentifyOption } from '../../../src/dicom';
import {
  type DeidentifiedMessage,
  type DeidentifyHow,
  hasFailed,
  type KeptBackObject,
} from '../../../src/edit';
import { payloadOf, type PayloadSettings } from '../../../src/message';
import { Status } from '../../../src/network';
import {
  checkSecret,
  DICOM_DEIDENTIFY,
  DICOM_IN,
  type DicomDeidentifyProblem,
  type DicomDeidentifySettings,
  pseudonymSource,
  splitList,
} from '../../../src/settings';
import { despiteOthers, editWorkerOf } from '../../runtime/edit-worker';
import {
  byteCount,
  disownEarlier,
  givenObject,
  type HeldObject,
  instancesOf,
  type ListedInstance,
  ListInvalid,
  mayBeHeard,
  type MessageObject,
  NotAcknowledged,
  type ObjectMessage,
  objectOf,
  payloadSettingsOf,
} from '../../runtime/objects';
import { nodeDirectory } from '../../runtime/node-directory';
import { settingsFailure } from '../../runtime/node-errors';
import { errorTexts, nodeTexts, type Text } from '../../runtime/node-texts';
import { onInput } from '../../runtime/on-input';
import { deidentifyError, DeidentifyFailed, failureOfCode } from './deidentify-error';
import { DeidentifiedList } from './deidentified-list';
import { DeidentifyStatus } from './deidentify-status';
import { newList, newMessage } from './new-messages';
import { ObjectsAtHand } from './objects-at-hand';
import { pseudonymOf } from './pseudonyms';
import { fingerprintOf } from './fingerprint';
import { runNode } from '../../runtime/run-node';
import { tellUncaused, warnOfSettings } from '../../runtime/tell';

type Send = (message: (NodeMessage | null)[]) => void;
type Done = (error?: Error) => void;

/** Messages that wait at once. What comes beyond stays in its queue, and comes again. */
const MOST_WAITING = 100;
/** Instances of a list that are worked on: the worker takes as many at once. */
const AT_A_TIME = 8;

const COMMON_FIELDS_ONLY = payloadOf({
  ...DICOM_IN.defaults,
  includeCommonFieldsNode: true,
  includeReportNode: false,
  includeTagsNode: false,
});

/** A deployed `dicom-deidentify` node: joins the worker that changes objects with messages and queues. */
export class DeidentifyNode {
  /** Of its secret; undefined: there is none that can be used. */
  readonly fingerprint: string | undefined;
  private readonly text: Text;
  private readonly settings: DicomDeidentifySettings;
  private readonly problems: DicomDeidentifyProblem[];
  private readonly secret: string;
  private readonly status: DeidentifyStatus;
  /** How its owners of objects begin. */
  private readonly owners: string;
  private readonly atHand: ObjectsAtHand;
  private waiting = 0;
  private isClosed = false;
  /** Messages go on in the order in which they came. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly RED: NodeAPI,
    private readonly node: Node,
    config: Record<string, unknown>,
  ) {
    this.text = nodeTexts(RED, DICOM_DEIDENTIFY.type);
    ({ settings: this.settings, problems: this.problems } = DICOM_DEIDENTIFY.parse(config));
    const { secret } = (node as Node<{ secret?: unknown }>).credentials ?? {};
    this.secret = typeof secret === 'string' ? secret : '';
    this.fingerprint = checkSecret(this.secret).length === 0 ? fingerprintOf(this.secret) : undefined;
    this.owners = `${node.id}/deidentify-${randomBytes(6).toString('hex')}-`;
    this.status = new DeidentifyStatus(this.text, node, this.invalid !== undefined);
    this.atHand = new ObjectsAtHand(this.owners, {
      textOf: (error) => this.errorOf(error).message,
      toRetry: (objects) => this.status.toRetry(objects),
      failed: (error) => node.error(asError(error).message),
    });
  }

  run(): void {
    runNode(this.RED, this.node, this, {
      started: () => this.flowsStarted(),
      eachStart: [() => this.getBack()],
      close: () => this.close(),
    });
    editWorkerOf(this.RED).addUser(this);
    onInput(this.node, (message, send, done) => {
      this.take(message as ObjectMessage, send as Send, done).catch((error: unknown) =>
        done(this.errorOf(error)),
      );
    });
  }

  private flowsStarted(): void {
    warnOfSettings(this.node, this.text, this.problems);
    if (this.invalid !== undefined) tellUncaused(this.node, deidentifyError(this.text, this.invalid));
  }

  /** At each start of flows: a queue may have been deployed after this node. */
  private getBack(): void {
    disownEarlier(`${this.node.id}/deidentify-`, this.owners).catch((error: unknown) =>
      this.node.error(asError(error).message),
    );
  }

  /** What is wrong with the settings; undefined: nothing. */
  private get invalid(): DeidentifyFailed | undefined {
    const problems = errorTexts(this.text, this.problems);
    for (const { code, values } of checkSecret(this.secret))
      problems.push(`${this.text('label.secret')}: ${this.text(`problem.${code}`, values)}`);
    return settingsFailure(DeidentifyFailed, problems);
  }

  private async take(message: ObjectMessage, send: Send, done: Done): Promise<void> {
    if (this.invalid !== undefined) throw this.invalid;
    const instances = listIn(message);
    if (instances !== undefined) {
      await this.takeList(instances, message, send, done);
      return;
    }
    const object = objectOf(message, 'message') ?? inPayload(message);
    if (object === undefined) throw new DeidentifyFailed('noObject');
    const held = await this.atHand.hold(message, object);
    if (this.waiting >= MOST_WAITING) {
      if (held === undefined) throw new DeidentifyFailed('busy', { max: MOST_WAITING });
      await this.atHand.postpone(held);
      done();
      return;
    }
    this.waiting += 1;
    this.status.working(this.waiting);
    const before = this.last;
    const work = this.work(message, object, held !== undefined, payloadSettingsOf(message));
    this.last = work.catch(() => undefined).then(() => before);
    try {
      const result = await work;
      this.atHand.succeeded();
      await before;
      await this.pass(message, result, held, send);
      done();
    } catch (error) {
      await before;
      await this.atHand.fail(held, error);
      throw error;
    } finally {
      this.waiting -= 1;
      this.status.working(this.waiting);
      await this.atHand.next();
    }
  }

  /** What is listed is done one by one; what has become of it goes on as one list. It has its turn as a message has. */
  private async takeList(
    instances: readonly ListedInstance[],
    message: ObjectMessage,
    send: Send,
    done: Done,
  ): Promise<void> {
    if (this.waiting >= MOST_WAITING) throw new DeidentifyFailed('busy', { max: MOST_WAITING });
    this.waiting += 1;
    this.status.working(this.waiting);
    const before = this.last;
    const list = new DeidentifiedList();
    const work = soManyAtATime(AT_A_TIME, instances, (instance) =>
      this.takeInstance(instance, message, list, send),
    );
    this.last = work.catch(() => undefined).then(() => before);
    try {
      await work;
      await before;
      if (this.isClosed) throw new DeidentifyFailed('stopped', { reason: '' });
      if (mayBeHeard(this.RED, list.unheard)) await this.atHand.giveBackList(message);
      else if (list.isEmpty) await this.atHand.acknowledgeList(message);
      else send([newList(message, list, this.keptProperties), null]);
      const { failed, firstFailure } = list;
      if (firstFailure === undefined) done();
      else
        done(
          deidentifyError(
            this.text,
            new DeidentifyFailed('instancesFailed', {
              count: instances.length,
              failed,
              reason: this.errorOf(firstFailure).message,
            }),
          ),
        );
    } finally {
      this.waiting -= 1;
      this.status.working(this.waiting);
      await this.atHand.next();
    }
  }

  private async takeInstance(
    { message: own }: ListedInstance,
    message: ObjectMessage,
    list: DeidentifiedList,
    send: Send,
  ): Promise<void> {
    if (this.isClosed) return;
    // A pseudonym may be in the message of the list.
    const named: ObjectMessage = { ...message, ...own };
    let held: HeldObject | undefined;
    try {
      const object = objectOf(own, 'message');
      if (object === undefined) throw new DeidentifyFailed('noObject');
      held = await this.atHand.hold(own, object);
      const result = await this.work(named, object, held !== undefined, COMMON_FIELDS_ONLY);
      if (this.isClosed) return;
      if ('keptBack' in result) {
        const { reason, text } = result.keptBack;
        this.status.keptBack();
        list.keptBack += 1;
        send([null, { ...own, dicom: { ...own.dicom, identified: true, keptBack: result.keptBack } }]);
        await this.atHand.done(held, { status: Status.cannotUnderstand, comment: `${reason}: ${text}` });
        return;
      }
      list.add(result, newMessage(own, result, this.keptProperties));
      await this.atHand.done(held, undefined);
    } catch (error) {
      if (this.isClosed) return;
      list.fail(error);
      if (!(await this.atHand.failInList(held, error))) list.unheard.push(own);
    }
  }

  private work(
    ...args: Parameters<DeidentifyNode['workOnce']>
  ): Promise<DeidentifiedMessage | KeptBackObject> {
    return despiteOthers(() => this.workOnce(...args));
  }

  private async workOnce(
    message: ObjectMessage,
    object: MessageObject,
    hasQueue: boolean,
    payload: PayloadSettings,
  ): Promise<DeidentifiedMessage | KeptBackObject> {
    const pseudonym = await pseudonymOf(
      this.RED,
      this.node,
      pseudonymSource(this.settings.pseudonym) ?? { kind: 'hmac' },
      message,
      () => this.patientID(message, object),
    );
    const { given, port } = await opened(object, message);
    try {
      const how = this.how(payload, pseudonym, hasQueue);
      const result = await editWorkerOf(this.RED).ask('deidentify', given, port, how);
      if (hasFailed(result)) throw failureOfCode(result.failure, port !== undefined);
      return result;
    } finally {
      port?.close();
    }
  }

  private how(payload: PayloadSettings, pseudonym: string | undefined, hasQueue: boolean): DeidentifyHow {
    const { options, allowedWords, alsoPass, directory, filenameTemplate } = this.settings;
    const own = nodeDirectory(this.RED, this.node.id, '');
    return {
      options: options as readonly DeidentifyOption[],
      secret: this.secret,
      allowedWords: splitList(allowedWords),
      alsoPass: splitList(alsoPass),
      pseudonym,
      payload,
      output: {
        directory: directory === '' ? join(own, 'deidentified') : resolve(directory),
        filenameTemplate,
      },
      // The queue has it as a dead letter.
      keptBackDirectory: hasQueue ? undefined : join(own, 'kept-back'),
    };
  }

  /** As the object has it, with pending changes, whatever the message says. */
  private async patientID(message: ObjectMessage, object: MessageObject): Promise<string> {
    const { given, port } = await opened(object, message);
    try {
      const made = await editWorkerOf(this.RED).ask('parse', given, port, COMMON_FIELDS_ONLY);
      if (hasFailed(made)) throw failureOfCode(made.failure, port !== undefined);
      const { payload } = JSON.parse(made.json) as { payload: { CommonFields?: { PatientID?: unknown } } };
      const id = payload.CommonFields?.PatientID;
      return typeof id === 'string' ? id : '';
    } finally {
      port?.close();
    }
  }

  /** To the first output what is new, to the second what is kept back: only the latter is the old message. */
  private async pass(
    message: ObjectMessage,
    result: DeidentifiedMessage | KeptBackObject,
    held: HeldObject | undefined,
    send: Send,
  ): Promise<void> {
    if (this.isClosed) {
      // It has gone back to its queue.
      if (held !== undefined) return;
      throw new DeidentifyFailed('stopped', { reason: '' });
    }
    if ('keptBack' in result) {
      const { reason, text } = result.keptBack;
      this.status.keptBack();
      send([
        null,
        Object.assign(message, { dicom: { ...message.dicom, identified: true, keptBack: result.keptBack } }),
      ]);
      await this.atHand.done(held, { status: Status.cannotUnderstand, comment: `${reason}: ${text}` });
      return;
    }
    send([newMessage(message, result, this.keptProperties), null]);
    await this.atHand.done(held, undefined);
  }

  /** The names of those that cross. */
  private get keptProperties(): string[] {
    return splitList(this.settings.keepProperties);
  }

  private errorOf(error: unknown): Error {
    if (error instanceof DeidentifyFailed) return deidentifyError(this.text, error);
    if (error instanceof NotAcknowledged)
      return deidentifyError(this.text, new DeidentifyFailed('objectGone', { reason: '' }));
    const failure = this.isClosed ? 'stopped' : 'notRead';
    return deidentifyError(this.text, new DeidentifyFailed(failure, { reason: asError(error).message }));
  }

  /** What is undecided goes back to its queue. */
  private async close(): Promise<void> {
    this.isClosed = true;
    this.status.close();
    await this.atHand.close();
    await editWorkerOf(this.RED).removeUser(this);
  }
}

/** @throws DeidentifyFailed where the pending changes of the message are none; what `givenObject` throws otherwise */
async function opened(object: MessageObject, message: ObjectMessage): ReturnType<typeof givenObject> {
  try {
    return await givenObject(object, message);
  } catch (error) {
    if (error instanceof DicomError) throw failureOfCode({ code: error.code, text: error.message }, false);
    throw error;
  }
}

/** Undefined: the message has none. @throws DeidentifyFailed */
function listIn(message: ObjectMessage): ListedInstance[] | undefined {
  try {
    return instancesOf(message);
  } catch (error) {
    if (error instanceof ListInvalid) throw new DeidentifyFailed('listInvalid', { reason: error.message });
    throw error;
  }
}

/** Bytes there are an object, too. */
function inPayload(message: ObjectMessage): MessageObject | undefined {
  return byteCount(message.payload) !== undefined ? objectOf(message, 'payload') : undefined;
}
