import { join } from 'node:path';
import { rm } from 'node:fs/promises';
import type { Node, NodeAPI, NodeMessage } from 'node-red';
import { asError } from '../../../src/basics';
import { DicomError, tagOfKeyword } from '../../../src/dicom';
import { Status } from '../../../src/network';
import {
  DICOM_STUDY,
  isKeyword,
  notAGroup,
  splitList,
  type DicomStudyProblem,
  type DicomStudySettings,
} from '../../../src/settings';
import {
  ChangesTooLarge,
  DiskStudyStore,
  MOST_CHANGES,
  ObjectLost,
  SharedStudies,
  Studies,
  type StudiesListener,
  type StudiesOptions,
  type StudyCollector,
  type StudyFiring,
  type StudyObject,
} from '../../../src/study';
import { Boundary, isUnheard } from '../../../src/worker';
import { editWorkerOf } from '../../runtime/edit-worker';
import { byteCount, changesOf, type ObjectMessage } from '../../runtime/objects';
import { nodeDirectory } from '../../runtime/node-directory';
import { settingsFailure } from '../../runtime/node-errors';
import { errorTexts, nodeTexts, type Text } from '../../runtime/node-texts';
import { onInput } from '../../runtime/on-input';
import { onceGone } from '../../runtime/once-gone';
import { QueueOwner, type SharedPlaceHere } from '../../runtime/queues';
import { runNode } from '../../runtime/run-node';
import { StatusDisplay } from '../../runtime/status-display';
import { Collectors } from './collectors';
import { DeployedQueues } from './deployed-queues';
import { FiringQueue } from './firing-queue';
import { factsOf } from './object-facts';
import { controlIn, keysFor, type Control } from './study-control';
import { STUDY_ERRORS, StudyFailed } from './study-error';
import { studyStatus } from './study-status';
import { tellUncaused, warnOfSettings } from '../../runtime/tell';

type StudyMessage = ObjectMessage & { study?: unknown };

const REFRESH_MS = 1_000;
/** Below the directory of the node. */
const FOLDER = 'studies';

/** A deployed `dicom-study` node: joins what collects objects with messages, queues and the editor. */
export class StudyNode extends QueueOwner {
  /** What has been fired. Undefined: the settings do not let it run. */
  readonly receiver: FiringQueue | undefined;
  /** Nobody waits for an answer. */
  readonly answersWithinSeconds = undefined;
  readonly isAcknowledged = true;
  private readonly text: Text;
  private readonly settings: DicomStudySettings;
  private readonly problems: DicomStudyProblem[];
  private readonly display: StatusDisplay;
  private readonly boundary = new Boundary((error) => this.node.error(error.message));
  private readonly directory: string;
  private readonly studies: StudyCollector | undefined;
  private opened: Promise<void> = Promise.resolve();
  private started!: () => void;
  private readonly flowsStart = new Promise<void>((resolve) => (this.started = resolve));
  /** Why its state cannot be used. */
  private broken: string | undefined;
  private isClosed = false;
  private refreshing: NodeJS.Timeout | undefined;
  private readonly underWay = new Set<Promise<void>>();

  constructor(
    private readonly RED: NodeAPI,
    private readonly node: Node,
    config: Record<string, unknown>,
  ) {
    super();
    this.text = nodeTexts(RED, DICOM_STUDY.type);
    ({ settings: this.settings, problems: this.problems } = DICOM_STUDY.parse(config));
    const { groupBy } = this.settings;
    // By an attribute that there is not, everything would be collected by its study.
    if (isKeyword(groupBy) && tagOfKeyword(groupBy) === undefined)
      this.problems.push({ field: 'groupBy', ...notAGroup(groupBy) });
    this.directory = join(nodeDirectory(RED, node.id, ''), FOLDER);
    this.display = new StatusDisplay(
      () => this.status(),
      this.boundary.wrap((status) => node.status(status)),
    );
    if (this.invalid !== undefined) return;
    this.studies = this.newStudies();
    this.receiver = new FiringQueue(() => this.ready());
  }

  private newStudies(): StudyCollector {
    const { options, listener } = this;
    const store = new DiskStudyStore(this.directory, (file, kept) =>
      this.node.warn(
        kept === undefined
          ? this.text('warning.damaged', { file })
          : this.text('warning.unusable', { file, kept }),
      ),
    );
    const queues = new DeployedQueues(this.RED);
    return new Collectors(
      new Studies(options, store, queues, listener),
      (place) =>
        new SharedStudies(options, place, queues, {
          ...listener,
          failed: (error) => this.databaseFailed(place, error),
        }),
    );
  }

  private get options(): StudiesOptions {
    const { settings } = this;
    return {
      nodeId: this.node.id,
      groupBy: settings.groupBy,
      idleMs: settings.idleSeconds * 1_000,
      associationEndMs: settings.associationEndSeconds * 1_000,
      ceilingMs: settings.ceilingSeconds * 1_000,
      expected: /^\d/.test(settings.expected) ? Number(settings.expected) : undefined,
      countsOfObjects: settings.expected === 'object',
      required: splitList(settings.requiredModalities).map((each) => each.toUpperCase()),
      acknowledgesItself: settings.acknowledge === 'fired',
    };
  }

  private get listener(): StudiesListener {
    return {
      fire: (firing) => this.fire(firing),
      changed: () => this.display.refresh(),
      failed: (error) => tellUncaused(this.node, this.errorOf(error)),
      lost: (key, count) =>
        tellUncaused(
          this.node,
          STUDY_ERRORS.errorOf(this.text, new StudyFailed('objectsLost', { key, count })),
        ),
    };
  }

  /** Several nodes may share queues in several databases, and this one need not have anything of them. */
  private databaseFailed({ database: { host, port, database } }: SharedPlaceHere, error: Error): void {
    const reason = `PostgreSQL ${host}:${port}/${database}: ${error.message}`;
    this.node.error(STUDY_ERRORS.errorOf(this.text, new StudyFailed('notStored', { reason })));
  }

  run(): void {
    const { boundary } = this;
    runNode(this.RED, this.node, this, {
      boundary,
      started: () => this.flowsStarted(),
      eachStart: [() => this.studies?.flowsStarted()],
      close: (isRemoved) => this.close(isRemoved),
    });
    editWorkerOf(this.RED).addUser(this);
    onInput(this.node, (message, _send, done) => {
      const taken = this.take(message as StudyMessage).then(
        () => done(),
        (error: unknown) => done(this.errorOf(error)),
      );
      this.underWay.add(taken);
      void taken.finally(() => this.underWay.delete(taken));
    });
    this.display.refresh();
  }

  /** Once the flows have started, and what an earlier run left has been found. @throws StudyFailed */
  async ready(): Promise<StudyCollector> {
    if (this.studies === undefined) throw this.invalid ?? new StudyFailed('stopped');
    await this.flowsStart;
    await this.opened;
    if (this.broken !== undefined) throw new StudyFailed('notStored', { reason: this.broken });
    return this.studies;
  }

  /** What has not been fired becomes dead letters. False: it is not known. */
  async forget(key: string): Promise<boolean> {
    const status = { status: Status.processingFailure, comment: this.text('forgotten') };
    return (await this.ready()).forget(key, status);
  }

  private flowsStarted(): void {
    warnOfSettings(this.node, this.text, this.problems);
    if (this.invalid !== undefined) tellUncaused(this.node, STUDY_ERRORS.errorOf(this.text, this.invalid));
    // Flows that start without it have had it closed: it may not open what the next one has.
    if (this.studies !== undefined && !this.isClosed)
      this.opened = this.studies.open().catch((error: unknown) => {
        this.broken = asError(error).message;
        tellUncaused(
          this.node,
          STUDY_ERRORS.errorOf(this.text, new StudyFailed('notStored', { reason: this.broken })),
        );
      });
    this.started();
    this.refreshing = setInterval(() => this.display.refresh(), REFRESH_MS);
  }

  /** What is wrong with the settings; undefined: nothing. */
  private get invalid(): StudyFailed | undefined {
    return settingsFailure(StudyFailed, errorTexts(this.text, this.problems));
  }

  /** @throws StudyFailed, and what `errorOf` has words for */
  private async take(message: StudyMessage): Promise<void> {
    const studies = await this.ready();
    if (this.isClosed) throw new StudyFailed('stopped');
    const control = controlIn(message.study);
    const isObject = namesObject(message);
    // Events of dicom-in, and procedure steps that say nothing of a study, may come this way, too.
    if (!isObject && control === undefined && (isEvent(message) || isStep(message))) return;
    if (isObject) await this.add(studies, message);
    else if (control === undefined)
      throw new StudyFailed(byteCount(message.dicom?.object) !== undefined ? 'bufferOnly' : 'noObject');
    if (control !== undefined) await this.control(studies, control);
  }

  private async add(studies: StudyCollector, message: StudyMessage): Promise<void> {
    const object = await factsOf(this.RED, this.settings, message, changesOf(message));
    try {
      await studies.add(object);
    } catch (error) {
      const withoutQueue = fileOf(object);
      if (!(error instanceof ObjectLost) || withoutQueue === undefined) throw error;
      // A queue that does not wait for the flow need not have it any more; there is its file.
      await studies.add(withoutQueue);
    }
  }

  private async control(studies: StudyCollector, control: Control): Promise<void> {
    const { expected, instances, seconds } = control;
    const keys = await keysFor(control, this.settings.groupBy, studies);
    if (expected !== undefined || instances !== undefined) {
      if (keys.length === 0) throw new StudyFailed('notOpen');
      for (const key of keys) await studies.expect(key, expected ?? 0, instances);
    }
    if (control.control === undefined) return;
    const extendMs = 1_000 * (seconds ?? Math.max(1, this.settings.idleSeconds));
    const act = {
      fire: (key: string) => studies.fireNow(key),
      forget: (key: string) => this.forget(key),
      extend: (key: string) => studies.extend(key, extendMs),
    }[control.control];
    const found: boolean[] = [];
    for (const key of keys) found.push(await act(key));
    if (!found.includes(true)) throw new StudyFailed('notOpen');
  }

  private fire({ id, number, reason, objects, redelivered, listing }: StudyFiring): void {
    const { payload, added, resent, bytes, first, last, callingAETs } = listing;
    const message: NodeMessage & Record<string, unknown> = {
      _msgid: this.RED.util.generateId(),
      topic: payload.StudyInstanceUID,
      payload,
      study: {
        reason,
        firing: number,
        objects,
        added,
        ...(resent > 0 && { resent }),
        late: number > 1,
        ...(first !== undefined && { first }),
        ...(last !== undefined && { last }),
        callingAETs,
        bytes,
      },
      dicom: { acknowledgeId: `${this.node.id}:${id}`, ...(redelivered > 0 && { redelivered }) },
    };
    this.node.send(message);
  }

  private errorOf(error: unknown): Error {
    if (error instanceof StudyFailed) return STUDY_ERRORS.errorOf(this.text, error);
    const failed = (failure: StudyFailed): Error => STUDY_ERRORS.errorOf(this.text, failure);
    const reason = asError(error).message;
    if (error instanceof ChangesTooLarge)
      return failed(new StudyFailed('changesTooLarge', { megabytes: MOST_CHANGES / 1_000_000 }));
    if (error instanceof ObjectLost || isUnheard(error)) return failed(new StudyFailed('objectGone'));
    if (error instanceof DicomError) return failed(new StudyFailed('notChanged', { reason }));
    if ((error as NodeJS.ErrnoException).code !== undefined)
      return failed(new StudyFailed('notStored', { reason }));
    return asError(error);
  }

  private status(): ReturnType<typeof studyStatus> {
    const summary = this.studies?.summary() ?? { open: 0, heldUp: 0, next: Infinity, unacknowledged: 0 };
    return studyStatus(this.text, {
      isInvalid: this.invalid !== undefined,
      isBroken: this.broken !== undefined,
      ...summary,
    });
  }

  private async close(removed: boolean): Promise<void> {
    this.isClosed = true;
    clearInterval(this.refreshing);
    this.display.close();
    this.started();
    await Promise.allSettled(this.underWay);
    await this.opened;
    await this.studies?.close();
    await editWorkerOf(this.RED).removeUser(this);
    // What it had parked is delivered again, where the flows that start next do not have it.
    const remove = (): Promise<void> => rm(this.directory, { recursive: true, force: true });
    if (removed) onceGone(this.RED, this.node.id, remove, (error) => this.boundary.failed(error));
  }
}

/** By a place where it can be found again. */
function namesObject({ dicom, filename }: ObjectMessage): boolean {
  const names: unknown[] = [dicom?.queueId, filename, dicom?.file];
  return names.some((name) => typeof name === 'string' && name !== '');
}

function isEvent({ payload, dicom }: ObjectMessage): boolean {
  const event = typeof payload === 'object' && payload !== null && (payload as { event?: unknown }).event;
  return dicom === undefined && typeof event === 'string';
}

function isStep({ dicom }: ObjectMessage): boolean {
  return typeof (dicom as { mppsId?: unknown } | undefined)?.mppsId === 'string';
}

/** Undefined: it lies in no file. */
function fileOf({ queueId: _, acknowledgeId: __, ...object }: StudyObject): StudyObject | undefined {
  return object.filename === undefined && object.file === undefined ? undefined : object;
}
