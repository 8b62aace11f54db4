import type { TlsOptions } from 'node:tls';
import type { Node, NodeAPI, NodeMessage } from 'node-red';
import type { SelfEcho } from '../../../src/admin-api';
import { type FlowMessage, payloadOf, type PayloadSettings } from '../../../src/message';
import {
  ReceiverHost,
  echoOwnPort,
  faultCode,
  isWarning,
  receiverSettings,
  type ReceiverConfig,
  type ReceiverEvent,
  type ReceiverFault,
  type SharedQueue,
} from '../../../src/receiver';
import { sampleMessage } from '../../../src/sample';
import { DICOM_IN, type DicomInProblem, type DicomInSettings } from '../../../src/settings';
import { Boundary } from '../../../src/worker';
import { arrivals } from '../../runtime/arrivals';
import { showInSidebar } from './debug-sidebar';
import { deployedNodes } from '../../runtime/deployed-nodes';
import type { JournalBox } from '../../runtime/routes';
import { journalDirectory, removeJournalWithNode } from '../../runtime/journals';
import {
  disownLost,
  removeQueueWithNode,
  RequestOwner,
  type SharedPlaceHere,
  SharedQueueOwner,
  tellOfLeftQueues,
} from '../../runtime/queues';
import { reportersTo, takeReport } from './commitment-reports';
import { nodeDirectory } from '../../runtime/node-directory';
import { codedError } from '../../runtime/node-errors';
import { nodeTexts, problemText, type Text } from '../../runtime/node-texts';
import { removeStepsWithNode, stepsDirectory } from './steps';
import { runNode } from '../../runtime/run-node';
import { StatusDisplay } from '../../runtime/status-display';
import { type TlsChoice, tlsOptions } from '../../runtime/peers';
import { ReceiverLog, logsDetails } from './receiver-log';
import { ReceiverStats } from './receiver-stats';
import { ReceiverStatus, type ReceiverNodeStatus } from './receiver-status';
import { warnOfSettings } from '../../runtime/tell';

/** Node-RED gives a node 15 s to close; objects under way get this much of it. */
const STOP_GRACE_MS = 5_000;

/** Outputs never move: flows are wired to them. */
const OUTPUT = { objects: 0, events: 1, queries: 2, steps: 3 } as const;

/** A deployed `dicom-in` node: joins a receiver with what Node-RED has for a node, and with the editor. */
export class ReceiverNode extends RequestOwner {
  readonly stats: ReceiverStats;
  /** Undefined: the settings do not let it run. */
  receiver: ReceiverHost | undefined;
  private isDrained = false;
  private readonly text: Text;
  private readonly status: ReceiverStatus;
  private readonly display: StatusDisplay<ReceiverNodeStatus>;
  private readonly log: ReceiverLog;
  /** Around all that Node-RED, timers and the receiver call. */
  private readonly boundary = new Boundary(({ message: reason }) =>
    this.fault({ kind: 'unexpected', values: { reason }, down: false }),
  );
  private readonly settings: DicomInSettings;
  private readonly problems: DicomInProblem[];
  private readonly wires: readonly string[][];
  /** Undefined: the settings do not let it run. */
  private config: ReceiverConfig | undefined;

  constructor(
    private readonly RED: NodeAPI,
    private readonly node: Node,
    config: Record<string, unknown>,
  ) {
    super();
    this.text = nodeTexts(RED, DICOM_IN.type);
    ({ settings: this.settings, problems: this.problems } = DICOM_IN.parse(config));
    const { answerQueries, answerMpps } = this.settings;
    this.status = new ReceiverStatus(this.text, answerQueries.length > 0 || answerMpps !== 'off');
    this.display = new StatusDisplay(
      () => this.status.current(),
      this.boundary.wrap((status) => node.status(status)),
    );
    this.stats = new ReceiverStats(node.id, node.name ?? '');
    this.log = new ReceiverLog(node, this.boundary);
    this.wires = Array.isArray(config['wires']) ? (config['wires'] as string[][]) : [];
  }

  get isAcknowledged(): boolean {
    return this.settings.acknowledge;
  }

  get answersWithinSeconds(): number | undefined {
    const { respond, responseTimeoutSeconds } = this.settings;
    return respond === 'processed' ? responseTimeoutSeconds : undefined;
  }

  override get aeTitle(): string {
    return this.settings.ourAET;
  }

  override get sharedPlace(): SharedPlaceHere | undefined {
    const { shared, queueDirectory: directory } = this.config ?? {};
    if (shared === undefined || directory === undefined || this.settings.role === 'receive') return undefined;
    return { ...shared, directory };
  }

  override get isDown(): boolean {
    return this.status.current().state === 'down';
  }

  override get payload(): PayloadSettings {
    return payloadOf(this.settings);
  }

  override async openAssociations(): Promise<readonly string[]> {
    return (await this.receiver?.ask('openAssociations')) ?? [];
  }

  /** As `deadLetterBox`. */
  get journalBox(): JournalBox | undefined {
    const { receiver } = this;
    return (
      receiver && {
        page: (query) => receiver.ask('journal', query),
        repeat: async (key) => {
          const entry = await receiver.ask('journalEntry', key);
          return entry?.objectId !== undefined && receiver.ask('repeat', entry.objectId);
        },
      }
    );
  }

  run(): void {
    const { boundary } = this;
    runNode(this.RED, this.node, this, {
      boundary,
      started: this.prepare(),
      eachStart: [() => this.disownLost(), () => this.letReport(), () => this.receiver?.goOn()],
      eachStop: [() => this.receiver?.hold()],
      close: (isRemoved) => {
        boundary.run(() => {
          this.display.close();
          this.log.close();
        });
        return this.stop(isRemoved);
      },
    });
    this.display.refresh();
  }

  /** Sends the sample message into the flow. @throws SyntaxError when the node's own is no JSON */
  sendSample(): void {
    this.emit(sampleMessage(this.settings, this.node.id));
  }

  /** Calls the node's own port; undefined: it does not listen because of its settings. */
  echo(): Promise<SelfEcho> | undefined {
    return this.config && echoOwnPort({ ...this.config, settings: this.settings });
  }

  /** Objects can be sent to it. A full queue does not count: it is found to have room again only by sending. */
  get isHealthy(): boolean {
    return this.stats.isListening && !this.isDrained;
  }

  /**
   * Accepts nothing more until the node starts anew. Resolves with the associations that are open.
   * @param graceSeconds after which they are aborted, between two objects
   */
  async drain(graceSeconds: number): Promise<number> {
    this.isDrained = true;
    return (await this.receiver?.drain(graceSeconds * 1_000)) ?? 0;
  }

  /** What is to be done once the flows have started: to listen, or to say why not. */
  private prepare(): () => void {
    warnOfSettings(this.node, this.text, this.problems);
    const errors = this.problems.filter(({ severity }) => severity === 'error');
    if (errors.length > 0) {
      const problems = errors.map((problem) => problemText(this.text, problem)).join('; ');
      const setting = this.text(`label.${errors[0]?.field}`);
      return () => this.fault({ kind: 'settingsInvalid', values: { problems, setting }, down: true });
    }
    this.warnIfUnanswerable();
    const tls = this.tls();
    if (tls !== undefined && 'problem' in tls) {
      return () => this.fault({ kind: 'tlsMissing', values: { reason: tls.problem }, down: true });
    }
    const place = this.sharedQueue();
    if (place !== undefined && 'problem' in place) {
      return () => this.fault({ kind: 'sharedQueueMissing', values: { reason: place.problem }, down: true });
    }
    const config = this.receiverConfig(tls?.options, place?.shared);
    const receiver = this.host(config);
    this.config = config;
    this.receiver = receiver;
    this.stats.sharedQueue = place?.shared.queue;
    return () => {
      if (place !== undefined) this.log.uses(place.shared);
      receiver.start();
      this.tellOfLeftQueues(place === undefined).catch((error: unknown) => this.boundary.failed(error));
    };
  }

  /** @param isLocal its queue is this machine's own */
  private async tellOfLeftQueues(isLocal: boolean): Promise<void> {
    const { queue, queueDirectory } = this.settings;
    const isUsed = isLocal && queue !== 'memory';
    await tellOfLeftQueues(this.RED, this.node, { set: queueDirectory, isUsed }, (directory) =>
      this.text('warning.queueLeft', { directory }),
    );
  }

  private disownLost(): void {
    if (this.receiver === undefined) return;
    disownLost(this.RED, this.receiver).catch((error: unknown) => this.boundary.failed(error));
  }

  /** Peers may have come or changed with each start of flows. */
  private letReport(): void {
    this.receiver?.setReporters(reportersTo(this.node.id));
  }

  /** Nobody can answer where no wire leads anywhere. */
  private warnIfUnanswerable(): void {
    const { respond, acknowledge, answerQueries, answerMpps } = this.settings;
    const isUnwired = (output: number): boolean => this.wires[output]?.length === 0;
    if (
      ((respond === 'processed' || acknowledge) && isUnwired(OUTPUT.objects)) ||
      (answerQueries.length > 0 && isUnwired(OUTPUT.queries)) ||
      (answerMpps === 'flow' && isUnwired(OUTPUT.steps))
    ) {
      this.node.warn(this.text('warning.nothingWired'));
    }
  }

  private host(config: ReceiverConfig): ReceiverHost {
    const host = new ReceiverHost(config, {
      message: (message) => this.emit(message),
      event: (event) => this.event(event),
      counters: (counters) => {
        this.status.counted(counters);
        this.display.refresh();
      },
      fault: (fault) => this.fault(fault),
      recovered: (kind) => {
        this.status.recovered(kind);
        this.stats.recovered(kind);
        this.log.recovered(kind);
        this.display.refresh();
      },
      query: (message) => this.send(OUTPUT.queries, { ...message }),
      step: (message) => this.send(OUTPUT.steps, { ...message }),
      report: (callingAET, report) => takeReport(this.RED, this.node.id, callingAET, report),
    });
    this.stats.counters = () => host.counters();
    return host;
  }

  private async stop(removed: boolean): Promise<void> {
    if (removed) {
      const failed = (error: unknown): void => this.boundary.failed(error);
      removeJournalWithNode(this.RED, this.node.id, failed);
      removeStepsWithNode(this.RED, this.node.id, failed);
    }
    if (this.receiver === undefined || this.config === undefined) return;
    await this.receiver.stop(STOP_GRACE_MS);
    if (!removed) return;
    const { queueDirectory: directory } = this.config;
    const kept = this.text('warning.queueKept', { directory });
    await removeQueueWithNode(this.node, directory, this.settings.queueDirectory === '', kept);
  }

  /** Undefined: clear text, because no TLS is asked for. */
  private tls(): TlsChoice | undefined {
    const { tls, requireClientCertificate } = this.settings;
    return tls === '' ? undefined : tlsOptions(this.RED.nodes.getNode(tls), requireClientCertificate);
  }

  /** Undefined: the queue is this machine's own. */
  private sharedQueue(): SharedQueueOwner['place'] | undefined {
    const { sharedQueue } = this.settings;
    if (sharedQueue === '') return undefined;
    const owner = deployedNodes.get(sharedQueue, SharedQueueOwner);
    return owner?.place ?? { problem: this.text('warning.sharedQueueGone') };
  }

  private receiverConfig(tls: TlsOptions | undefined, shared: SharedQueue | undefined): ReceiverConfig {
    return {
      receiverId: this.node.id,
      settings: receiverSettings(this.settings),
      queueDirectory: nodeDirectory(this.RED, this.node.id, this.settings.queueDirectory),
      stepsDirectory: stepsDirectory(this.RED, this.node.id),
      journal: {
        directory: journalDirectory(this.RED, this.node.id),
        patient: this.settings.journalPatient,
      },
      tellsOfObjects: this.settings.emitEvents || logsDetails(this.RED),
      ...(shared && { shared }),
      ...(tls && { tls }),
    };
  }

  /** Throws what a node of the flow throws, where Node-RED hands messages over at once (`runtimeSyncDelivery`). */
  private emit(message: FlowMessage): void {
    if (this.settings.addIncomingMessageToCurrentTab)
      this.boundary.run(() => showInSidebar(this.RED, this.node, message));
    this.node.send({ ...message });
    arrivals.saw(message);
  }

  private event(event: ReceiverEvent): void {
    this.stats.saw(event);
    if (this.status.sees(event)) this.display.refresh();
    this.boundary.run(() => this.log.write(event));
    if (this.settings.emitEvents) this.send(OUTPUT.events, { topic: event.event, payload: event });
  }

  /** Nothing comes out of the outputs before it. */
  private send(output: number, message: NodeMessage): void {
    this.node.send([...Array<null>(output).fill(null), message]);
  }

  /** To the status, the log and Catch nodes, which get the code with it; a warning to the log only. */
  private fault(fault: ReceiverFault): void {
    const text = this.text(`error.${fault.kind}`, fault.values);
    if (isWarning(fault.kind)) {
      this.node.warn(text);
      return;
    }
    this.stats.failed(fault, text);
    this.status.failed(fault, text);
    this.display.refresh();
    this.node.error(codedError(text, faultCode(fault.kind)), { payload: fault });
  }
}
