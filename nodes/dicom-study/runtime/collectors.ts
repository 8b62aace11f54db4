import type { AnswerOutcome } from '../../../src/delivery';
import type { CommandStatus } from '../../../src/network';
import type { OpenStudies } from '../../../src/admin-api';
import type { StudyCollector, StudyObject } from '../../../src/study';
import { deployedNodes } from '../../runtime/deployed-nodes';
import { queueName, QueueOwner, type SharedPlaceHere } from '../../runtime/queues';

/**
 * What a node collects: objects of queues that machines share are collected by all of these together, in the database of the queue;
 * all others here.
 */
export class Collectors implements StudyCollector {
  private readonly shared = new Map<string, StudyCollector>();
  private isOpen = false;

  constructor(
    private readonly own: StudyCollector,
    private readonly newShared: (place: SharedPlaceHere) => StudyCollector,
  ) {}

  async open(): Promise<void> {
    await this.own.open();
    this.isOpen = true;
    await this.openShared();
  }

  async add(object: StudyObject): Promise<void> {
    const name = queueName(object.queueId ?? object.acknowledgeId);
    const place = name && deployedNodes.get(name.nodeId, QueueOwner)?.sharedPlace;
    await ((place && this.shared.get(keyOf(place))) ?? this.own).add(object);
  }

  async expect(...args: Parameters<StudyCollector['expect']>): Promise<void> {
    for (const each of this.all) await each.expect(...args);
  }

  async keysOf(studyInstanceUID: string): Promise<string[]> {
    const keys = await Promise.all(this.all.map(async (each) => each.keysOf(studyInstanceUID)));
    return [...new Set(keys.flat())];
  }

  fireNow(key: string): Promise<boolean> {
    return this.any((each) => each.fireNow(key));
  }

  extend(key: string, milliseconds: number): Promise<boolean> {
    return this.any((each) => each.extend(key, milliseconds));
  }

  forget(key: string, status: CommandStatus): Promise<boolean> {
    return this.any((each) => each.forget(key, status));
  }

  async acknowledge(id: string, status: CommandStatus): Promise<AnswerOutcome> {
    for (const each of this.all) {
      const outcome = await each.acknowledge(id, status);
      if (outcome !== 'unknown') return outcome;
    }
    return 'unknown';
  }

  isUnacknowledged(id: string): Promise<boolean> {
    return this.any((each) => each.isUnacknowledged(id));
  }

  giveBack(id: string): Promise<boolean> {
    return this.any((each) => each.giveBack(id));
  }

  repeat(key: string): Promise<boolean> {
    return this.any((each) => each.repeat(key));
  }

  /** Nodes with a shared queue may have come, or gone. */
  flowsStarted(): void {
    for (const each of this.all) each.flowsStarted();
    if (this.isOpen) void this.openShared();
  }

  async openStudies(most: number): Promise<OpenStudies> {
    const found = await Promise.all(this.all.map(async (each) => each.openStudies(most)));
    return {
      studies: found.flatMap(({ studies }) => studies).slice(0, most),
      total: found.reduce((sum, { total }) => sum + total, 0),
    };
  }

  summary(): ReturnType<StudyCollector['summary']> {
    const all = this.all.map((each) => each.summary());
    return {
      open: all.reduce((sum, { open }) => sum + open, 0),
      heldUp: all.reduce((sum, { heldUp }) => sum + heldUp, 0),
      next: Math.min(...all.map(({ next }) => next)),
      unacknowledged: all.reduce((sum, { unacknowledged }) => sum + unacknowledged, 0),
    };
  }

  async close(): Promise<void> {
    this.isOpen = false;
    await Promise.all(this.all.map((each) => each.close()));
  }

  private get all(): StudyCollector[] {
    return [this.own, ...this.shared.values()];
  }

  /** Those of the nodes that are deployed now, whether or not anything has come from them: other machines may have left something. */
  private async openShared(): Promise<void> {
    const places = new Map(
      deployedNodes.all(QueueOwner).flatMap(({ sharedPlace }) => {
        return sharedPlace === undefined ? [] : [[keyOf(sharedPlace), sharedPlace] as const];
      }),
    );
    const gone = [...this.shared].filter(([key]) => !places.has(key));
    for (const [key] of gone) this.shared.delete(key);
    const fresh = [...places].filter(([key]) => !this.shared.has(key));
    const opened = fresh.map(([key, place]) => {
      const shared = this.newShared(place);
      this.shared.set(key, shared);
      return shared.open();
    });
    await Promise.all([...opened, ...gone.map(([, each]) => each.close())]);
  }

  private async any(ask: (each: StudyCollector) => boolean | Promise<boolean>): Promise<boolean> {
    const answers = await Promise.all(this.all.map(async (each) => ask(each)));
    return answers.includes(true);
  }
}

/** Nodes with the same queue collect together. */
function keyOf({ database, schema, queue }: SharedPlaceHere): string {
  const { host, port, database: name, user } = database;
  return JSON.stringify([host, port, name, user, schema, queue]);
}
