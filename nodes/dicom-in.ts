import { join, resolve } from 'node:path';
import type { TlsOptions } from 'node:tls';
import type { Node, NodeAPI, NodeDef } from 'node-red';
import {
  Boundary,
  ReceiverHost,
  echoOwnPort,
  faultCode,
  isWarning,
  receiverSettings,
  sampleMessage,
  type FlowMessage,
  type ReceiverConfig,
  type ReceiverEvent,
  type ReceiverFault,
} from '../src/receiver';
import { DICOM_IN, type DicomInProblem, type DicomInSettings } from '../src/settings';
import { showInSidebar } from './runtime/debug-sidebar';
import { registerDeadLetterRoutes } from './runtime/dead-letter-routes';
import { deployedNodes } from './runtime/deployed-nodes';
import { registerEchoRoute } from './runtime/echo-routes';
import { FlowStart } from './runtime/flow-start';
import { mayUseDicomPort, tryDicomPort } from './runtime/port-privilege';
import { ReceiverLog, logsDetails } from './runtime/receiver-log';
import { ReceiverStats, statsOfNodes } from './runtime/receiver-stats';
import { ReceiverStatus } from './runtime/receiver-status';
import { removeEmptyQueue } from './runtime/removed-queue';
import { runningReceivers } from './runtime/running-receivers';
import { registerSampleRoutes } from './runtime/sample-routes';
import { registerStatsRoutes } from './runtime/stats-routes';
import { StatusDisplay } from './runtime/status-display';
import { tlsOptions, type TlsChoice } from './runtime/tls-options';

/** Node-RED gives a node 15 s to close; objects under way get this much of it. */
const STOP_GRACE_MS = 5_000;

/** What the editor gets to know with Node-RED's own settings: by it a node from the palette has a port that it may use. */
const EDITOR_SETTINGS = {
  dicomInMayUsePort104: {
    // Read each time when an editor is loaded.
    get value() {
      return mayUseDicomPort();
    },
    exportable: true,
  },
};

/** The `dicom-in` node: a DICOM receiver whose objects come out as messages. All the work is src/receiver's. */
export = function register(RED: NodeAPI): void {
  const flowStart = new FlowStart(RED);
  function DicomIn(this: Node, config: NodeDef & Record<string, unknown>): void {
    RED.nodes.createNode(this, config);
    new DicomInNode(RED, this, config).run(flowStart);
  }
  tryDicomPort();
  RED.nodes.registerType('dicom-in', DicomIn, { settings: EDITOR_SETTINGS });
  registerDeadLetterRoutes(RED);
  registerStatsRoutes(RED);
  registerSampleRoutes(RED);
  registerEchoRoute(RED);
};

class DicomInNode {
  private readonly status: ReceiverStatus;
  private readonly display: StatusDisplay;
  private readonly stats: ReceiverStats;
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
    this.status = new ReceiverStatus((key, values) => RED._(key, values));
    this.display = new StatusDisplay(
      () => this.status.current(),
      this.boundary.wrap((status) => node.status(status)),
    );
    this.stats = new ReceiverStats(node.id, node.name ?? '');
    this.log = new ReceiverLog(node, this.boundary);
    ({ settings: this.settings, problems: this.problems } = DICOM_IN.parse(config));
    this.wires = Array.isArray(config['wires']) ? (config['wires'] as string[][]) : [];
  }

  run(flowStart: FlowStart): void {
    // Not before: a message, and an error for a Catch node, must not meet a flow that is not there yet.
    const start = this.boundary.wrap(this.prepare());
    statsOfNodes.set(this.node.id, this.stats);
    deployedNodes.set(this.node.id, {
      sendSample: () => this.emit(sampleMessage(this.settings, this.node.id)),
      echo: () => this.config && echoOwnPort({ ...this.config, settings: this.settings }),
    });
    flowStart.add(start);
    this.display.refresh();
    this.node.on(
      'close',
      this.boundary.wrap(() => {
        flowStart.remove(start);
        this.display.close();
        statsOfNodes.delete(this.node.id);
        deployedNodes.delete(this.node.id);
        this.log.close();
      }),
    );
  }

  /** What is to be done once the flows have started: to listen, or to say why not. */
  private prepare(): () => void {
    for (const problem of this.problems) {
      if (problem.severity === 'warning') this.node.warn(this.describe(problem));
    }
    const errors = this.problems.filter(({ severity }) => severity === 'error');
    if (errors.length > 0) {
      const problems = errors.map((problem) => this.describe(problem)).join('; ');
      const setting = this.RED._(`dicom-in.label.${errors[0]?.field}`);
      return () => this.fault({ kind: 'settingsInvalid', values: { problems, setting }, down: true });
    }
    this.warnIfUnanswerable();
    const tls = this.tls();
    if (tls !== undefined && 'problem' in tls) {
      return () => this.fault({ kind: 'tlsMissing', values: { reason: tls.problem }, down: true });
    }
    this.config = this.receiverConfig(tls?.options);
    return this.host(this.config);
  }

  /** Nobody can answer where no wire leads anywhere. */
  private warnIfUnanswerable(): void {
    const { respond, acknowledge } = this.settings;
    const isWired = this.wires[0]?.length !== 0;
    if ((respond === 'processed' || acknowledge) && !isWired) {
      this.node.warn(this.RED._('dicom-in.warning.nothingWired'));
    }
  }

  /** Returns how to start it. */
  private host(config: ReceiverConfig): () => void {
    const host = new ReceiverHost(config, {
      message: (message) => this.emit(message),
      event: (event) => this.event(event),
      counters: (counters) => {
        this.status.counted(counters);
        this.display.refresh();
      },
      fault: (fault) => this.fault(fault),
    });
    this.stats.counters = () => host.counters();
    runningReceivers.set(this.node.id, host);
    this.node.on('close', (removed: boolean, done: () => void) => {
      runningReceivers.delete(this.node.id);
      host
        .stop(STOP_GRACE_MS)
        .then(() => (removed ? this.tellOfQueue(config.queueDirectory) : undefined))
        .catch((error: unknown) => this.boundary.failed(error))
        .finally(done);
    });
    return () => host.start();
  }

  /** The queue of a node that is removed is patient data: it is kept, and a log line says where. An empty one goes, too. */
  private async tellOfQueue(directory: string): Promise<void> {
    const queue = await removeEmptyQueue(directory, this.settings.queueDirectory === '');
    if (queue === 'holdsObjects') this.node.warn(this.RED._('dicom-in.warning.queueKept', { directory }));
  }

  /** Undefined: clear text, because no TLS is asked for. */
  private tls(): TlsChoice | undefined {
    const { tls, requireClientCertificate } = this.settings;
    return tls === '' ? undefined : tlsOptions(this.RED.nodes.getNode(tls), requireClientCertificate);
  }

  private receiverConfig(tls: TlsOptions | undefined): ReceiverConfig {
    return {
      receiverId: this.node.id,
      settings: receiverSettings(this.settings),
      queueDirectory: this.queueDirectory(),
      tellsOfObjects: this.settings.emitEvents || logsDetails(this.RED),
      ...(tls && { tls }),
    };
  }

  /** As set, or `<userDir>/dicom/<node id>`. An imported flow may carry any text as an id, so it is made a plain file name. */
  private queueDirectory(): string {
    if (this.settings.queueDirectory !== '') return resolve(this.settings.queueDirectory);
    const id = this.node.id.replace(/[^A-Za-z0-9_-]/g, '_');
    return join(this.RED.settings.userDir ?? process.cwd(), 'dicom', id);
  }

  /** Throws what a node of the flow throws, where Node-RED hands messages over at once (`runtimeSyncDelivery`). */
  private emit(message: FlowMessage): void {
    if (this.settings.addIncomingMessageToCurrentTab)
      this.boundary.run(() => showInSidebar(this.RED, this.node, message));
    this.node.send({ ...message });
  }

  private event(event: ReceiverEvent): void {
    this.stats.saw(event);
    if (this.status.sees(event)) this.display.refresh();
    this.boundary.run(() => this.log.write(event));
    if (this.settings.emitEvents) this.node.send([null, { topic: event.event, payload: event }]);
  }

  /** To the status, the log and Catch nodes, which get the code with it; a warning to the log only. */
  private fault(fault: ReceiverFault): void {
    const text = this.RED._(`dicom-in.error.${fault.kind}`, fault.values);
    if (isWarning(fault.kind)) {
      this.node.warn(text);
      return;
    }
    this.stats.failed(fault, text);
    this.status.failed(fault, text);
    this.display.refresh();
    const error = new Error(text);
    this.node.error(Object.assign(error, { code: faultCode(fault.kind) }), { payload: fault });
  }

  private describe({ field, code, values }: DicomInProblem): string {
    return `${this.RED._(`dicom-in.label.${field}`)}: ${this.RED._(`dicom-in.problem.${code}`, values)}`;
  }
}
