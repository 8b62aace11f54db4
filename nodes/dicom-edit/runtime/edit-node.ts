import type { Node, NodeAPI } from 'node-red';
import { asError } from '../../../src/basics';
import { type DicomChanges, DicomError } from '../../../src/dicom';
import {
  hasFailed,
  ruleProblem,
  type CoercionRecord,
  type EditedMessage,
  type EditFailure as RequestFailure,
  type EditTask,
  type Unchanged,
} from '../../../src/edit';
import { DICOM_EDIT, type DicomEditProblem, type DicomEditSettings } from '../../../src/settings';
import { deployedNodes } from '../../runtime/deployed-nodes';
import { editWorkerOf } from '../../runtime/edit-worker';
import { FlowStart } from '../../runtime/flow-start';
import { givenObject } from '../../runtime/given-object';
import { isUnheard } from '../../runtime/held-objects';
import { InOrder } from '../../runtime/in-order';
import { objectOf, type MessageObject, type ObjectMessage } from '../../runtime/message-object';
import { putNewObject, type MadeFacts } from '../../runtime/new-object';
import { nodeDirectory } from '../../runtime/node-directory';
import { nodeTexts, problemText, type Text } from '../../runtime/node-texts';
import { payloadSettingsOf } from '../../runtime/payload-settings';
import { editError, EditFailed, type EditFailure } from './edit-error';
import { RuleValues } from './rule-values';

type Send = (message: ObjectMessage) => void;
type Done = (error?: Error) => void;

/** That are worked on: the worker takes as many at once. */
const AT_A_TIME = 8;
/** That may wait. What comes beyond fails, so that memory is bounded. */
const MOST_WAITING = 1_000;
const LONGEST_SYSTEM = 64;

/** A deployed `dicom-edit` node: joins messages with the worker that changes objects. */
export class EditNode {
  private readonly text: Text;
  private readonly settings: DicomEditSettings;
  private readonly problems: DicomEditProblem[];
  private readonly order = new InOrder(AT_A_TIME, (error) => this.node.error(error.message));
  /** Undefined: the settings are wrong. */
  private values: RuleValues | undefined;
  private invalid: EditFailed | undefined;
  private isClosed = false;

  constructor(
    private readonly RED: NodeAPI,
    private readonly node: Node,
    config: Record<string, unknown>,
  ) {
    this.text = nodeTexts(RED, DICOM_EDIT.type);
    ({ settings: this.settings, problems: this.problems } = DICOM_EDIT.parse(config));
    this.prepare();
  }

  private prepare(): void {
    const wrong = this.problems.filter(({ severity }) => severity === 'error');
    const problems = wrong.map((problem) => problemText(this.text, problem));
    if (problems.length === 0)
      this.settings.rules.forEach((rule, index) => {
        const reason = ruleProblem(rule);
        if (reason !== undefined) problems.push(this.text('rule.problem', { rule: index + 1, reason }));
      });
    try {
      if (problems.length > 0) throw new EditFailed('settingsInvalid', { problems: problems.join('; ') });
      this.values = new RuleValues(this.RED, this.node, this.settings.rules);
    } catch (error) {
      if (!(error instanceof EditFailed)) throw error;
      this.invalid = error;
    }
  }

  run(): void {
    const start = (): void => this.flowsStarted();
    FlowStart.of(this.RED).add(start);
    deployedNodes.add(this.node.id, this);
    editWorkerOf(this.RED).addUser(this);
    this.node.on('input', (message, send, done) => this.take(message, send, done));
    this.node.on('close', (done: () => void) => {
      FlowStart.of(this.RED).remove(start);
      deployedNodes.remove(this.node.id);
      this.close()
        .catch((error: unknown) => this.node.error(asError(error).message))
        .finally(done);
    });
    if (this.invalid === undefined) this.node.status({});
    else this.node.status({ fill: 'red', shape: 'ring', text: this.text('status.settings') });
  }

  private flowsStarted(): void {
    for (const problem of this.problems)
      if (problem.severity === 'warning') this.node.warn(problemText(this.text, problem));
    if (this.invalid !== undefined) this.node.error(editError(this.text, this.invalid));
  }

  private take(message: ObjectMessage, send: Send, done: Done): void {
    if (this.order.size >= MOST_WAITING) {
      done(editError(this.text, new EditFailed('busy', { max: MOST_WAITING })));
      return;
    }
    this.order.add(
      () => this.edited(message),
      (outcome) => {
        try {
          if (outcome.status === 'rejected') throw outcome.reason;
          // Nothing of it before: what fails leaves the message as it was.
          this.change(message, outcome.value);
        } catch (error) {
          done(this.errorOf(error));
          return;
        }
        send(message);
        done();
      },
    );
  }

  /** @throws EditFailed; DicomError where the pending changes of the message are none; what a queue that cannot be asked throws */
  private async edited(message: ObjectMessage): Promise<EditedMessage | Unchanged> {
    if (this.values === undefined) throw this.invalid ?? new EditFailed('stopped');
    if (this.isClosed) throw new EditFailed('stopped');
    const object = objectOf(message, 'message');
    if (object === undefined) throw new EditFailed('noObject');
    const rules = await this.values.of(message);
    const { given, port } = await opened(object, message);
    const { apply, directory } = this.settings;
    const task: EditTask = {
      rules,
      // What is in the message already has no other place to wait in.
      apply: apply === 'pending' && object.place.kind === 'bytes' ? 'buffer' : apply,
      directory: nodeDirectory(this.RED, this.node.id, directory),
      ...this.record(message),
      payload: payloadSettingsOf(message),
    };
    const result = await editWorkerOf(this.RED).ask('edit', given, port, task);
    if (hasFailed(result)) throw failureOf(result);
    return result;
  }

  private record({ dicom }: ObjectMessage): { record?: CoercionRecord } {
    const { coercionRecord: reason } = this.settings;
    if (reason === 'none') return {};
    const { callingAET } = (dicom ?? {}) as { callingAET?: unknown };
    const name = `node-red-contrib-dicom ${this.node.name ?? this.node.id}`;
    return {
      record: {
        reason,
        system: name.replaceAll('\\', '/').slice(0, LONGEST_SYSTEM),
        source: typeof callingAET === 'string' ? callingAET : '',
        at: Date.now(),
      },
    };
  }

  private change(message: ObjectMessage, result: EditedMessage | Unchanged): void {
    if ('unchanged' in result) return;
    const made = JSON.parse(result.json) as MadeFacts;
    const { object, filename, changes } = result;
    if (object !== undefined)
      putNewObject(
        message,
        { object: Buffer.from(object.buffer, object.byteOffset, object.byteLength) },
        made,
      );
    else if (filename !== undefined) putNewObject(message, { filename }, made);
    else putChanges(message, changes, made);
  }

  private errorOf(reason: unknown): Error {
    if (reason instanceof EditFailed) return editError(this.text, reason);
    if (isUnheard(reason))
      return editError(this.text, new EditFailed('notRead', { reason: asError(reason).message }));
    if (reason instanceof DicomError)
      return editError(this.text, new EditFailed('notChanged', { reason: reason.message }));
    return asError(reason);
  }

  private async close(): Promise<void> {
    this.isClosed = true;
    await this.order.idle;
    await editWorkerOf(this.RED).removeUser(this);
  }
}

/** @throws EditFailed where its queue does not have it; DicomError where the pending changes are none */
async function opened(object: MessageObject, message: ObjectMessage): ReturnType<typeof givenObject> {
  try {
    return await givenObject(object, message);
  } catch (error) {
    if (error instanceof DicomError) throw error;
    throw new EditFailed('objectGone', { reason: asError(error).message });
  }
}

const FAILURES: Readonly<Record<string, EditFailure>> = {
  'not-the-object': 'notTheObject',
  'changes-invalid': 'notChanged',
  'cannot-change': 'notChanged',
  'cannot-recode': 'notChanged',
  'too-large': 'tooLarge',
  'not-placed': 'notStored',
};

function failureOf({ failure: { code, text } }: RequestFailure): EditFailed {
  return new EditFailed(FAILURES[code] ?? 'notRead', { reason: text });
}

/**
 * The object stays where it is; what is said of it is what it will be. Only nodes that apply the changes are to find it: no
 * other node looks at `msg.dicom.file`.
 */
function putChanges(message: ObjectMessage, changes: DicomChanges | undefined, made: MadeFacts): void {
  const { payload, topic } = made;
  const facts: Record<string, unknown> = { ...message.dicom };
  delete facts['warnings'];
  // Of what lies there.
  const { size, transferSyntaxUID } = facts;
  Object.assign(facts, made.dicom, { changes });
  for (const [name, value] of Object.entries({ size, transferSyntaxUID }))
    if (value === undefined) delete facts[name];
    else facts[name] = value;
  if (message.filename !== undefined) facts['file'] = message.filename;
  message.dicom = facts;
  delete message.filename;
  Object.assign(message, { payload, topic });
}
