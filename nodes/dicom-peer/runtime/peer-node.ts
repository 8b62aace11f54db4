import type { Node, NodeAPI } from 'node-red';
import { checkUserName, DICOM_PEER, type DicomPeerSettings } from '../../../src/settings';
import { peerSettings, type PeerConfig, type PeerState } from '../../../src/sender';
import { deployedNodes } from '../../runtime/deployed-nodes';
import { errorTexts, nodeTexts, type Text } from '../../runtime/node-texts';
import { PeerOwner, type PeerReports, peerTls, senderOf } from '../../runtime/peers';
import { QueueOwner } from '../../runtime/queues';
import { runNode } from '../../runtime/run-node';
import { warnOfSettings } from '../../runtime/tell';

interface Credentials {
  userName?: string;
  passcode?: string;
}

/** A deployed `dicom-peer` node: tells the sender of the peer, and the nodes that name it how it fares. */
export class PeerNode extends PeerOwner {
  problem: string | undefined;
  state: PeerState | undefined;
  readonly name: string;
  private readonly settings: DicomPeerSettings;
  private readonly text: Text;
  private readonly listeners = new Set<() => void>();
  /** The log says that it cannot be reached. */
  private isToldDown = false;

  constructor(
    private readonly RED: NodeAPI,
    private readonly node: Node,
    config: Record<string, unknown>,
  ) {
    super();
    const { settings, problems } = DICOM_PEER.parse(config);
    this.settings = settings;
    this.name = settings.name === '' ? `${settings.calledAET}@${settings.host}` : settings.name;
    this.text = nodeTexts(RED, DICOM_PEER.type);
    const all = [...problems, ...checkUserName(settings, this.credentials.userName ?? '')];
    const wrong = errorTexts(this.text, all);
    if (wrong.length > 0) this.problem = wrong.join('; ');
    warnOfSettings(node, this.text, problems);
  }

  run(): void {
    const sender = senderOf(this.RED);
    const config = this.problem === undefined ? this.config() : undefined;
    const user = {
      state: (state: PeerState): void => {
        this.state = state;
        this.tellOutage(state);
        for (const listener of this.listeners) listener();
      },
      reportRefused: (reason: string) => this.reportRefused(reason),
    };
    if (config !== undefined) sender.addPeer(config, user);
    else this.node.error(this.problem);
    runNode(this.RED, this.node, this, {
      started: () => this.warnIfUnheard(),
      close: () => sender.removePeer(this.node.id, user),
    });
  }

  override get callingAET(): string {
    return this.settings.callingAET;
  }

  get reports(): PeerReports | undefined {
    const { commit, commitThrough: through, calledAET: callingAET } = this.settings;
    return commit === 'require' && through !== '' ? { through, callingAET } : undefined;
  }

  watch(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private get credentials(): Credentials {
    return this.node.credentials ?? {};
  }

  /** Nobody can take what it reports where there is no such dicom-in node. */
  private warnIfUnheard(): void {
    const { reports } = this;
    if (reports === undefined || deployedNodes.get(reports.through, QueueOwner) !== undefined) return;
    this.node.warn(this.text('warning.reportsUnheard', { node: reports.through }));
  }

  /** Once, and once that it is over. Of one that rejects us, Catch nodes of those who send to it hear. */
  private tellOutage({ outage }: PeerState): void {
    const { name: peer, node } = this;
    if (outage === undefined) {
      if (this.isToldDown) node.log(this.text('warning.reachedAgain', { peer }));
      this.isToldDown = false;
    } else if (!outage.isConfiguration && !this.isToldDown) {
      this.isToldDown = true;
      node.warn(this.text('warning.notReached', { peer, reason: outage.reason }));
    }
  }

  private config(): PeerConfig | undefined {
    const { settings, node } = this;
    const { tls, tlsServerName } = settings;
    const security = tls === '' ? undefined : peerTls(this.RED.nodes.getNode(tls), tlsServerName);
    if (security !== undefined && 'problem' in security) {
      this.problem = security.problem;
      return undefined;
    }
    const identity = this.userIdentity();
    return {
      id: node.id,
      name: this.name,
      settings: peerSettings(settings),
      ...(security && { tls: security.options }),
      ...(identity && { userIdentity: identity }),
    };
  }

  private userIdentity(): PeerConfig['userIdentity'] {
    const { userName = '', passcode = '' } = this.credentials;
    const { userIdentity } = this.settings;
    if (userIdentity === 'none') return undefined;
    return { name: userName, ...(userIdentity === 'passcode' && { passcode }) };
  }
}
