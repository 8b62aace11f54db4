import type { Node, NodeAPI } from 'node-red';
import type { DicomChanges } from '../../../src/dicom';
import {
  hasFailed,
  ruleProblem,
  type CoercionRecord,
  type EditedMessage,
  type EditTask,
  type Unchanged,
} from '../../../src/edit';
import { DICOM_EDIT, type DicomEditSettings } from '../../../src/settings';
import { editWorkerOf } from '../../runtime/edit-worker';
import { WorkerNode, type WorkKind } from '../../runtime/worker-node';
import {
  type MadeFacts,
  type ObjectMessage,
  objectOf,
  payloadSettingsOf,
  putNewObject,
} from '../../runtime/objects';
import { nodeDirectory } from '../../runtime/node-directory';
import { EDIT_ERRORS, EditFailed, type EditFailure } from './edit-error';
import { reasonText } from './rule-reasons';
import { RuleValues } from './rule-values';

/** The worker takes fewer at once; opening an object and evaluating values take their time, too. */
const AT_A_TIME = 8;
const LONGEST_SYSTEM = 64;

/** A deployed `dicom-edit` node: joins messages with the worker that changes objects. */
export class EditNode extends WorkerNode<EditFailure, EditedMessage | Unchanged> {
  protected readonly invalid: EditFailed | undefined;
  private readonly settings: DicomEditSettings;
  /** Undefined: the settings are wrong. */
  private readonly values: RuleValues | undefined;

  constructor(RED: NodeAPI, node: Node, config: Record<string, unknown>) {
    const { settings, problems } = DICOM_EDIT.parse(config);
    super(RED, node, KIND, problems);
    this.settings = settings;
    try {
      this.checkRules();
      this.values = new RuleValues(RED, node, settings.rules, this.text);
    } catch (error) {
      if (!(error instanceof EditFailed)) throw error;
      this.invalid = error;
    }
  }

  /** @throws EditFailed `settingsInvalid` */
  private checkRules(): void {
    const problems = this.settingsProblems();
    if (problems.length === 0)
      this.settings.rules.forEach((rule, index) => {
        const reason = ruleProblem(rule);
        if (reason === undefined) return;
        problems.push(this.text('rule.problem', { rule: index + 1, reason: reasonText(this.text, reason) }));
      });
    if (problems.length > 0) throw new EditFailed('settingsInvalid', { problems: problems.join('; ') });
  }

  protected async resultOf(message: ObjectMessage): Promise<EditedMessage | Unchanged> {
    const object = objectOf(message, 'message');
    if (object === undefined) throw new EditFailed('noObject');
    const rules = (await this.values?.of(message)) ?? [];
    const { given, port } = await this.opened(object, message);
    const { apply, directory } = this.settings;
    const task: EditTask = {
      rules,
      // What is in the message already has no other place to wait in.
      apply: apply === 'pending' && object.place.kind === 'bytes' ? 'buffer' : apply,
      directory: nodeDirectory(this.RED, this.node.id, directory),
      ...this.record(message),
      payload: payloadSettingsOf(message),
    };
    try {
      const result = await editWorkerOf(this.RED).ask('edit', given, port, task);
      if (hasFailed(result)) throw this.failureOf(result, 'notRead');
      return result;
    } finally {
      port?.close();
    }
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

  protected change(message: ObjectMessage, result: EditedMessage | Unchanged): void {
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
    else if (changes !== undefined) putChanges(message, changes, result.transferSyntaxUID, made);
  }
}

const KIND: WorkKind<EditFailure> = {
  type: DICOM_EDIT.type,
  errors: EDIT_ERRORS,
  worker: editWorkerOf,
  makesObject: true,
  atATime: AT_A_TIME,
  unheard: 'notRead',
  failures: {
    'not-the-object': 'notTheObject',
    'changes-invalid': 'notChanged',
    'cannot-change': 'notChanged',
    'cannot-recode': 'notChanged',
    'too-large': 'tooLarge',
    'not-placed': 'notStored',
    'name-refused': 'notStored',
  },
};

/**
 * The object stays where it is; what is said of it is what it will be. Only nodes that apply the changes are to find it: no
 * other node looks at `msg.dicom.file`.
 */
function putChanges(
  message: ObjectMessage,
  changes: DicomChanges,
  original: string | undefined,
  made: MadeFacts,
): void {
  const { payload, topic } = made;
  const facts: Record<string, unknown> = { ...message.dicom };
  delete facts['warnings'];
  // Of what lies there.
  const { size = changes.of.size, transferSyntaxUID = original } = facts;
  Object.assign(facts, made.dicom, { changes, size, transferSyntaxUID });
  if (message.filename !== undefined) facts['file'] = message.filename;
  message.dicom = facts;
  delete message.filename;
  Object.assign(message, { payload, topic });
}
