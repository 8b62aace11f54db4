import type { Node, NodeAPI } from 'node-red';
import type { FlowMessage } from '../../../src/message';
import { DICOM_WATCH, type DicomWatchProblem, type DicomWatchSettings } from '../../../src/settings';
import {
  isWatchWarning,
  watchFaultCode,
  WatchHost,
  watchSettings,
  type WatchFault,
  type WatchState,
} from '../../../src/watch';
import { Boundary } from '../../../src/worker';
import { disownLost, QueueOwner } from '../../runtime/queues';
import { nodeDirectory } from '../../runtime/node-directory';
import { codedError } from '../../runtime/node-errors';
import { errorTexts, nodeTexts, type Text } from '../../runtime/node-texts';
import { runNode } from '../../runtime/run-node';
import { StatusDisplay } from '../../runtime/status-display';
import { removeWatchDirectory } from './removed-watch';
import { watchStatus, type WatchStatus } from './watch-status';
import { warnOfSettings } from '../../runtime/tell';

/** Node-RED gives a node 15 s to close. */
const STOP_GRACE_MS = 5_000;

/** A deployed `dicom-watch` node: joins a watched folder with what Node-RED has for a node, and with the editor. */
export class WatchNode extends QueueOwner {
  /** Undefined: the settings do not let it run. */
  receiver: WatchHost | undefined;
  /** Nobody waits for an answer. */
  readonly answersWithinSeconds = undefined;
  private readonly text: Text;
  private readonly display: StatusDisplay<WatchStatus>;
  private readonly settings: DicomWatchSettings;
  private readonly problems: DicomWatchProblem[];
  private readonly directory: string;
  private state: WatchState | undefined;
  private fault: { fault: WatchFault; problem: string } | undefined;
  /** Around all that Node-RED, timers and the worker call. */
  private readonly boundary = new Boundary(({ message: reason }) =>
    this.failed({ kind: 'unexpected', values: { reason }, down: false }),
  );

  constructor(
    private readonly RED: NodeAPI,
    private readonly node: Node,
    config: Record<string, unknown>,
  ) {
    super();
    this.text = nodeTexts(RED, DICOM_WATCH.type);
    this.display = new StatusDisplay(
      () => watchStatus(this.text, this.fault, this.state),
      this.boundary.wrap((status) => node.status(status)),
      ({ counters }) => counters?.foreign ?? '',
    );
    ({ settings: this.settings, problems: this.problems } = DICOM_WATCH.parse(config));
    this.directory = nodeDirectory(RED, node.id, '');
  }

  get isAcknowledged(): boolean {
    return this.settings.acknowledge;
  }

  override get isDown(): boolean {
    return this.fault !== undefined;
  }

  run(): void {
    const { boundary } = this;
    runNode(this.RED, this.node, this, {
      boundary,
      started: this.prepare(),
      eachStart: [() => this.disownLost(), () => this.receiver?.goOn()],
      eachStop: [() => this.receiver?.hold()],
      close: (isRemoved) => {
        this.display.close();
        return this.stop(isRemoved);
      },
    });
    this.display.refresh();
  }

  /** What is to be done once the flows have started: to watch, or to say why not. */
  private prepare(): () => void {
    warnOfSettings(this.node, this.text, this.problems);
    const wrong = errorTexts(this.text, this.problems);
    if (wrong.length > 0) {
      const problems = wrong.join('; ');
      return () => this.failed({ kind: 'settingsInvalid', values: { problems }, down: true });
    }
    const config = {
      nodeId: this.node.id,
      settings: watchSettings(this.settings),
      nodeDirectory: this.directory,
    };
    const receiver = new WatchHost(config, {
      message: (message) => this.emit(message),
      state: (state) => this.told(state),
      fault: (fault) => this.failed(fault),
      recovered: (kind) => {
        if (this.fault?.fault.kind === kind) this.fault = undefined;
        this.display.refresh();
      },
    });
    this.receiver = receiver;
    return () => receiver.start();
  }

  private disownLost(): void {
    if (this.receiver === undefined) return;
    disownLost(this.RED, this.receiver).catch((error: unknown) => this.boundary.failed(error));
  }

  private async stop(removed: boolean): Promise<void> {
    await this.receiver?.stop(STOP_GRACE_MS);
    if (
      removed &&
      this.receiver !== undefined &&
      (await removeWatchDirectory(this.directory)) === 'holdsObjects'
    )
      this.node.warn(this.text('warning.objectsKept', { directory: this.directory }));
  }

  /** Throws what a node of the flow throws, where Node-RED hands messages over at once (`runtimeSyncDelivery`). */
  private emit(message: FlowMessage): void {
    this.node.send({ ...message });
  }

  private told(state: WatchState): void {
    if (state.isWatching && this.state?.isWatching !== true) {
      this.fault = undefined;
      this.node.log(`watching ${this.settings.directory}`);
    }
    this.state = state;
    this.display.refresh();
  }

  /** To the status, the log and Catch nodes, which get the code with it; a warning to the log only. */
  private failed(fault: WatchFault): void {
    const problem = this.text(`error.${fault.kind}`, fault.values);
    if (isWatchWarning(fault.kind)) {
      this.node.warn(problem);
      return;
    }
    if (fault.down) {
      this.fault = { fault, problem };
      this.state = undefined;
    }
    this.display.refresh();
    this.node.error(codedError(problem, watchFaultCode(fault.kind)), { payload: fault });
  }
}
