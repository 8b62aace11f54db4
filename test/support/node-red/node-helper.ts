import { once, type EventEmitter } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before } from 'node:test';
import type { Node, NodeAPI, NodeInitializer } from 'node-red';
import { editWorkerOf } from '../../../nodes/runtime/edit-worker';
import type { DeployType, FlowNode } from './node-red';
import { PACKAGE_DIR } from '../package/package-dir';

/** The part of node-red-node-test-helper that is used here; it ships no types. */
interface TestHelper {
  init(runtimePath: string): void;
  settings(settings: Record<string, unknown>): void;
  load(types: NodeInitializer[], flows: readonly FlowNode[], credentials: object): Promise<void>;
  unload(): Promise<void>;
  getNode(id: string): Node | null;
  startServer(): Promise<void>;
  stopServer(): Promise<void>;
  url(): string;
  readonly _events: EventEmitter;
  readonly _log: NodeAPI['log'];
  readonly _sandbox: { resetHistory(): void };
  /** What its server serves, and where nodes register their admin routes: two applications of Express. */
  readonly _app: { use(app: unknown): void };
  readonly _httpAdmin: unknown;
  readonly _redNodes: {
    setFlows(flows: readonly FlowNode[], credentials: object, type: DeployType): Promise<unknown>;
  };
}

const load = createRequire(__filename);

export type Message = Record<string, unknown>;

/**
 * Nodes of this package in the runtime of a Node-RED within the test's own process, by Node-RED's test helper. It is the
 * Node-RED of the repository, or that in NODE_RED_DIR, which the running Node must be able to run.
 */
export class NodesUnderTest {
  private readonly helper = load('node-red-node-test-helper') as TestHelper;
  private readonly types: NodeInitializer[];
  private userDir = '';
  private readonly statuses = new Map<string, Message>();

  constructor() {
    const folder = resolve(process.env['NODE_RED_DIR'] ?? PACKAGE_DIR);
    const nodeRed = createRequire(join(folder, 'package.json')).resolve('node-red');
    this.helper.init(nodeRed);
    const { 'node-red': entry } = JSON.parse(readFileSync(join(PACKAGE_DIR, 'package.json'), 'utf8')) as {
      'node-red': { nodes: Record<string, string> };
    };
    // Node-RED's own, which the helper does not load by itself.
    const tls = createRequire(nodeRed).resolve('@node-red/nodes/core/network/05-tls.js');
    const files = Object.values(entry.nodes).map((file) => join(PACKAGE_DIR, file));
    this.types = [...files, tls].map((file) => load(file) as NodeInitializer);
    this.helper._events.on('node-status', ({ id, status }: { id: string; status: Message }) =>
      this.statuses.set(id, status),
    );
    // The worker that changes objects keeps nothing of them: one for all tests of a file, not for each anew.
    const edits = editWorkerOf({ events: this.helper._events, log: this.helper._log });
    before(() => edits.addUser(this));
    after(() => edits.removeUser(this));
  }

  /**
   * Starts flows; their Catch, Status and Complete nodes are Node-RED's own.
   * @param credentials by the ids of nodes
   */
  async load(flows: readonly FlowNode[], credentials: Record<string, object> = {}): Promise<void> {
    await this.helper.startServer();
    // A new one each time: what waits in a queue is not to come in the next test.
    this.userDir = mkdtempSync(join(tmpdir(), 'dicom-nodes-'));
    this.helper.settings({ userDir: this.userDir });
    // Each load registers the types anew, and with them what waits for flows to start.
    this.helper._events.setMaxListeners(0);
    await this.helper.load(this.types, flows, credentials);
    this.helper._app.use(this.helper._httpAdmin);
  }

  /** Resolves once the new flows have started. The helper's own `setFlows` gives them 300 ms for that. */
  async deploy(flows: readonly FlowNode[], type: DeployType): Promise<void> {
    const started = once(this.helper._events, 'flows:started');
    await this.helper._redNodes.setFlows(flows, {}, type);
    await started;
  }

  async unload(): Promise<void> {
    this.statuses.clear();
    await this.helper.unload();
    await this.helper.stopServer();
    rmSync(this.userDir, { recursive: true, force: true });
  }

  node(id: string): Node {
    const node = this.helper.getNode(id);
    if (node === null) throw new Error(`there is no node ${id}`);
    return node;
  }

  /** Of Node-RED's admin API. */
  get url(): string {
    return this.helper.url();
  }

  /** Where Node-RED, and nodes without a directory of their own, keep files. */
  get directory(): string {
    return this.userDir;
  }

  /** The status that the editor shows of a node; undefined: it has told none. */
  statusOf(id: string): Message | undefined {
    return this.statuses.get(id);
  }

  /** Drops the calls of each node that the helper records, with all their arguments. */
  forgetCalls(): void {
    this.helper._sandbox.resetHistory();
  }

  /** What comes to a node of type `helper` from now on. */
  inputs(id: string): Message[] {
    const messages: Message[] = [];
    this.node(id).on('input', (message) => void messages.push(message));
    return messages;
  }
}
