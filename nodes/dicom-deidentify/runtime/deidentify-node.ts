import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import type { Node, NodeAPI, NodeMessage } from 'node-red';
import { asError, BackOff, soManyAtATime } from '../../../src/basics';
import { DicomError, type DeidentifyOption } from '../../../src/dicom';
import {
  type DeidentifiedMessage,
  type DeidentifyHow,
  hasFailed,
  type KeptBackObject,
  WorkerBroken,
} from '../../../src/edit';
import { payloadOf, type PayloadSettings } from '../../../src/message';
import { Status, type CommandStatus } from '../../../src/network';
import {
  DICOM_DEIDENTIFY,
  DICOM_IN,
  type DicomDeidentifyProblem,
  type DicomDeidentifySettings,
  LEAST_SECRET,
  pseudonymSource,
  splitList,
} from '../../../src/settings';
import { deployedNodes } from '../../runtime/deployed-nodes';
import { despiteOthers, editWorkerOf } from '../../runtime/edit-worker';
import { FlowStart } from '../../runtime/flow-start';
import { givenObject } from '../../runtime/given-object';
import {
  disownEarlier,
  holdObject,
  holdToAcknowledge,
  isUnheard,
  leave,
  NotAcknowledged,
  unlessUnheard,
  type HeldObject,
} from '../../runtime/held-objects';
import { instancesOf, ListInvalid, type ListedInstance } from '../../runtime/instance-list';
import { objectOf, queueNameOf, type MessageObject, type ObjectMessage } from '../../runtime/message-object';
import { putNewObject, type MadeFacts } from '../../runtime/new-object';
import { nodeDirectory } from '../../runtime/node-directory';
import { nodeTexts, problemText, type Text } from '../../runtime/node-texts';
import { payloadSettingsOf } from '../../runtime/payload-settings';
import { Postponed } from '../../runtime/postponed';
import { deidentifyError, DeidentifyFailed, failureOfCode } from './deidentify-error';
import { DeidentifiedList } from './deidentified-list';
import { DeidentifyStatus } from './deidentify-status';
import { pseudonymOf } from './pseudonyms';
import { fingerprintOf } from './secret-routes';

type Send = (message: (NodeMessage | null)[]) => void;
type Done = (error?: Error) => void;

/** Messages that wait at once. What comes beyond stays in its queue, and comes again. */
const MOST_WAITING = 100;
const FIRST_RETRY_MS = 2_000;
const LAST_RETRY_MS = 300_000;
/** So often may an object alone end the worker: then it is the reason, and not a moment without memory. */
const MOST_BREAKS = 3;
/** Few objects do; of more, the counts begin anew. */
const MOST_BREAKING = 1_000;
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
  /** With the names of the objects in their queues. */
  private readonly held = new Map<HeldObject, string>();
  /** How often each object has ended the worker alone, by its name. */
  private readonly breaks = new Map<string, number>();
  private readonly postponed = new Postponed();
  private readonly backOff = new BackOff(FIRST_RETRY_MS, LAST_RETRY_MS);
  /** When objects come again that failed for another reason than themselves, on `performance.now()`'s clock. */
  private againAt = 0;
  private taken = 0;
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
    this.fingerprint =
      Buffer.byteLength(this.secret) >= LEAST_SECRET ? fingerprintOf(this.secret) : undefined;
    this.owners = `${node.id}/deidentify-${randomBytes(6).toString('hex')}-`;
    this.status = new DeidentifyStatus(this.text, node, this.invalid !== undefined);
  }

  run(): void {
    const start = (): void => this.flowsStarted();
    FlowStart.of(this.RED).add(start);
    deployedNodes.add(this.node.id, this);
    editWorkerOf(this.RED).addUser(this);
    this.node.on('input', (message, send, done) => {
      this.take(message as ObjectMessage, send as Send, done).catch((error: unknown) =>
        done(this.errorOf(error)),
      );
    });
    this.node.on('close', (done: () => void) => {
      FlowStart.of(this.RED).remove(start);
      deployedNodes.remove(this.node.id);
      this.close()
        .catch((error: unknown) => this.node.error(asError(error).message))
        .finally(done);
    });
  }

  private flowsStarted(): void {
    for (const problem of this.problems)
      if (problem.severity === 'warning') this.node.warn(problemText(this.text, problem));
    if (this.invalid !== undefined) this.node.error(deidentifyError(this.text, this.invalid));
    disownEarlier(`${this.node.id}/deidentify-`, this.owners).catch((error: unknown) =>
      this.node.error(asError(error).message),
    );
  }

  /** What is wrong with the settings; undefined: nothing. */
  private get invalid(): DeidentifyFailed | undefined {
    const problems = this.problems
      .filter(({ severity }) => severity === 'error')
      .map((problem) => problemText(this.text, problem));
    if (this.fingerprint === undefined)
      problems.push(
        `${this.text('label.secret')}: ${this.text('problem.secretTooShort', { least: LEAST_SECRET })}`,
      );
    return problems.length === 0
      ? undefined
      : new DeidentifyFailed('settingsInvalid', { problems: problems.join('; ') });
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
    const held = await this.hold(message, object);
    if (this.waiting >= MOST_WAITING) {
      if (held === undefined) throw new DeidentifyFailed('busy', { max: MOST_WAITING });
      this.held.delete(held);
      await this.postponed.add(held);
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
      this.backOff.reset();
      await before;
      await this.pass(message, result, held, send);
      done();
    } catch (error) {
      await before;
      await this.fail(held, error);
      throw error;
    } finally {
      this.waiting -= 1;
      this.status.working(this.waiting);
      await this.postponed.next();
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
      if (list.isEmpty) await this.nothingIsLeft(message);
      else send([this.newList(message, list), null]);
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
      await this.postponed.next();
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
      held = await this.hold(own, object);
      const result = await this.work(named, object, held !== undefined, COMMON_FIELDS_ONLY);
      if (this.isClosed) return;
      if ('keptBack' in result) {
        const { reason, text } = result.keptBack;
        this.status.keptBack();
        list.keptBack += 1;
        send([null, { ...own, dicom: { ...own.dicom, identified: true, keptBack: result.keptBack } }]);
        await this.done(held, { status: Status.cannotUnderstand, comment: `${reason}: ${text}` });
        return;
      }
      list.add(result, this.newMessage(own, result));
      await this.done(held, undefined);
    } catch (error) {
      if (this.isClosed) return;
      list.fail(error);
      await this.fail(held, error);
    }
  }

  private newList(message: ObjectMessage, list: DeidentifiedList): NodeMessage {
    const { acknowledgeId } = message.dicom ?? {};
    const { payload, summary } = list;
    return {
      ...this.keptProperties(message),
      topic: payload.StudyInstanceUID,
      payload,
      dicom: { ...(acknowledgeId !== undefined && { acknowledgeId }), deidentified: summary },
    };
  }

  /** All of it is in its queues as dead letters: nobody behind would acknowledge the list. */
  private async nothingIsLeft(message: ObjectMessage): Promise<void> {
    const name = queueNameOf(message);
    if (name === undefined) return;
    this.taken += 1;
    const held = await holdToAcknowledge(name, `${this.owners}${this.taken}`).catch(unlessUnheard);
    await held?.done({ status: Status.success });
  }

  /** Undefined: no queue waits to hear of it. */
  private async hold(message: ObjectMessage, { place }: MessageObject): Promise<HeldObject | undefined> {
    const queueId = queueNameOf(message);
    if (queueId === undefined) return undefined;
    this.taken += 1;
    const owner = `${this.owners}${this.taken}`;
    const held =
      place.kind === 'queue'
        ? await holdObject(queueId, owner)
        : await holdToAcknowledge(queueId, owner).catch(unlessUnheard);
    if (held !== undefined) this.held.set(held, queueId);
    else if (place.kind === 'queue') throw new DeidentifyFailed('objectGone', { reason: '' });
    return held;
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
    const { given, port } = await givenObject(object, message);
    try {
      const how = this.how(payload, pseudonym, hasQueue);
      const result = await editWorkerOf(this.RED).ask('deidentify', given, port, how);
      if (hasFailed(result)) throw failureOfCode(result.failure);
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
    const { given, port } = await givenObject(object, message);
    try {
      const made = await editWorkerOf(this.RED).ask('parse', given, port, COMMON_FIELDS_ONLY);
      if (hasFailed(made)) throw failureOfCode(made.failure);
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
      await this.done(held, { status: Status.cannotUnderstand, comment: `${reason}: ${text}` });
      return;
    }
    send([this.newMessage(message, result), null]);
    await this.done(held, undefined);
  }

  private newMessage(message: ObjectMessage, result: DeidentifiedMessage): NodeMessage {
    const { queueId, acknowledgeId } = message.dicom ?? {};
    const dicom = {
      ...(queueId !== undefined && { queueId }),
      ...(acknowledgeId !== undefined && { acknowledgeId }),
    };
    const names = { dicom } as ObjectMessage;
    const place =
      'object' in result
        ? { object: Buffer.from(result.object.buffer, result.object.byteOffset, result.object.byteLength) }
        : { filename: result.filename };
    putNewObject(names, place, JSON.parse(result.json) as MadeFacts);
    return Object.assign(names, this.keptProperties(message));
  }

  private keptProperties(message: ObjectMessage): Record<string, unknown> {
    const kept = splitList(this.settings.keepProperties).map((name): [string, unknown] => [
      name,
      (message as unknown as Record<string, unknown>)[name],
    ]);
    return Object.fromEntries(kept.filter(([, value]) => value !== undefined));
  }

  /** @param status why it becomes a dead letter; undefined: who acknowledges it is the flow's business */
  private async done(held: HeldObject | undefined, status: CommandStatus | undefined): Promise<void> {
    if (held !== undefined && this.held.delete(held)) await held.done(status);
  }

  /**
   * An object that cannot be judged is a dead letter: its queue would deliver it again and again. What fails for another reason,
   * such as a full disk, comes again; a sender that waits for its answer hears that it may. One that ends the worker each time
   * is not tried for ever.
   */
  private async fail(held: HeldObject | undefined, error: unknown): Promise<void> {
    const name = held && this.held.get(held);
    if (held === undefined || name === undefined) return;
    const isOfObject =
      (error instanceof DeidentifyFailed && error.isOfObject) ||
      (error instanceof WorkerBroken && this.breaksOf(name) >= MOST_BREAKS);
    if (isOfObject) this.breaks.delete(name);
    if (!isOfObject && held.answersWithinSeconds === undefined) {
      this.held.delete(held);
      this.tryLater(held);
      return;
    }
    try {
      const status = isOfObject ? Status.cannotUnderstand : Status.outOfResources;
      await this.done(held, { status, comment: this.errorOf(error).message });
    } catch (late) {
      if (!(late instanceof NotAcknowledged || isUnheard(late))) throw late;
    }
  }

  /** How often the object has ended the worker now. */
  private breaksOf(name: string): number {
    const breaks = (this.breaks.get(name) ?? 0) + 1;
    if (this.breaks.size >= MOST_BREAKING) this.breaks.clear();
    this.breaks.set(name, breaks);
    return breaks;
  }

  /** Those that fail while others wait for another try come with them. */
  private tryLater(held: HeldObject): void {
    const now = performance.now();
    if (now >= this.againAt) this.againAt = now + this.backOff.wait();
    this.postponed
      .later(held, this.againAt - now)
      .catch((error: unknown) => this.node.error(asError(error).message))
      .finally(() => {
        if (!this.isClosed) this.status.toRetry(this.postponed.timedSize);
      });
    this.status.toRetry(this.postponed.timedSize);
  }

  private errorOf(error: unknown): Error {
    if (error instanceof DeidentifyFailed) return deidentifyError(this.text, error);
    if (error instanceof DicomError)
      return deidentifyError(this.text, failureOfCode({ code: error.code, text: error.message }));
    if (error instanceof NotAcknowledged)
      return deidentifyError(this.text, new DeidentifyFailed('objectGone', { reason: '' }));
    const failure = this.isClosed ? 'stopped' : 'notRead';
    return deidentifyError(this.text, new DeidentifyFailed(failure, { reason: asError(error).message }));
  }

  /** What is undecided goes back to its queue. */
  private async close(): Promise<void> {
    this.isClosed = true;
    this.status.close();
    await this.postponed.close();
    const held = [...this.held.keys()];
    this.held.clear();
    for (const each of held) await leave(each);
    await editWorkerOf(this.RED).removeUser(this);
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
  return Buffer.isBuffer(message.payload) ? objectOf(message, 'payload') : undefined;
}
