import type { NodeAPI } from 'node-red';
import { hostFilter } from '../../../src/network';
import type { PeerState } from '../../../src/sender';
import { hostLookup } from './host-lookup';
import { definedPeer, definitionId, readDefinition, type PeerDefinition } from './peer-definition';
import { PeerOwner, senderOf } from '../../runtime/peers';

/** Peers that messages define, at a time: each may have a line, a circuit and associations of its own. */
export const MOST_DEFINED_PEERS = 32;
/** One with which nothing is done for so long ends, and with it what was known of it. */
const IDLE_MS = 10_000;

/** A peer as it is kept with an object: plain data. */
export interface StoredPeer {
  definition: PeerDefinition;
  address: string;
}

/** A peer that may be used until it is released. */
export interface UsedPeer {
  id: string;
  peer: PeerOwner;
  /** What makes it again, for objects that are stored; undefined: it is a node's. */
  stored?: StoredPeer;
  release(): void;
}

/** There are as many as there may be. */
export class TooManyPeers extends Error {
  override readonly name = 'TooManyPeers';
}

/** The host is at no address at which a peer may be. */
export class HostNotAllowed extends Error {
  override readonly name = 'HostNotAllowed';
}

class DefinedPeer extends PeerOwner {
  readonly problem = undefined;
  /** Only nodes may say where a peer reports. */
  readonly reports = undefined;
  state: PeerState | undefined;
  uses = 0;
  idle: NodeJS.Timeout | undefined;
  private readonly listeners = new Set<() => void>();

  constructor(
    readonly name: string,
    readonly address: string,
    /** Called with each news of it. */
    private readonly changed: () => void,
  ) {
    super();
  }

  /** Nobody uses it, and nothing that was stored waits for it. */
  get isIdle(): boolean {
    return this.uses === 0 && (this.state?.sending ?? 0) + (this.state?.waiting ?? 0) === 0;
  }

  watch(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Of the sender. */
  readonly user = {
    state: (state: PeerState): void => {
      this.state = state;
      for (const listener of this.listeners) listener();
      this.changed();
    },
  };
}

/** The peers that messages define: those that say the same share one, which ends when it is idle. */
export class DefinedPeers {
  private static readonly all = new WeakMap<NodeAPI['events'], DefinedPeers>();
  private readonly peers = new Map<string, DefinedPeer>();

  private constructor(private readonly RED: NodeAPI) {}

  /** Of this Node-RED: all nodes share them. */
  static of(RED: NodeAPI): DefinedPeers {
    const peers = DefinedPeers.all.get(RED.events) ?? new DefinedPeers(RED);
    DefinedPeers.all.set(RED.events, peers);
    return peers;
  }

  /**
   * The peer of a definition. Its host's name is looked up when the peer begins, and the address found is what is connected
   * to for as long as there is the peer: another lookup cannot give another one.
   * @param ranges addresses and CIDR ranges in which it may be; none: it may be nowhere
   * @throws HostNotAllowed, TooManyPeers, TooManyLookups, WrongDefinition; the system's error where the name is not known
   */
  async use(definition: PeerDefinition, ranges: readonly string[]): Promise<UsedPeer> {
    if (ranges.length === 0) throw new HostNotAllowed(definition.host);
    const id = definitionId(definition);
    const addresses = this.peers.has(id) ? [] : await hostLookup.addresses(definition.host);
    return this.useAt(id, definition, addresses, ranges, MOST_DEFINED_PEERS);
  }

  /**
   * The same for objects that have been stored with what their message defined: the address is the one that was found then.
   * @throws HostNotAllowed, WrongDefinition
   */
  useStored(id: string, { definition, address }: StoredPeer, ranges: readonly string[]): UsedPeer {
    // When they were stored there were no more than there may be.
    return this.useAt(id, readDefinition(this.RED, definition), [address], ranges, Infinity);
  }

  /**
   * Ends those that no message uses now, as a node closes: where objects of other nodes wait for one, their node is asked for
   * it, and looks whether it is allowed still.
   */
  endUnused(): void {
    for (const [id, peer] of this.peers) if (peer.uses === 0) this.end(id, peer);
  }

  /** @param addresses that it has; not looked at where there is the peer already, perhaps since a moment ago */
  private useAt(
    id: string,
    definition: PeerDefinition,
    addresses: readonly string[],
    ranges: readonly string[],
    most: number,
  ): UsedPeer {
    const known = this.peers.get(id);
    const found = known === undefined ? addresses : [known.address];
    const address = ranges.length === 0 ? undefined : found.find(hostFilter(ranges));
    if (address === undefined) throw new HostNotAllowed(found.join(', '));
    const config = definedPeer(this.RED, id, definition, address);
    const peer = known ?? this.begin(id, config.name, address, most);
    // Also where it is known: its TLS configuration may have been deployed anew.
    senderOf(this.RED).addPeer(config, peer.user);
    clearTimeout(peer.idle);
    peer.uses += 1;
    const release = (): void => {
      peer.uses -= 1;
      this.look(id, peer);
    };
    return { id, peer, stored: { definition, address }, release };
  }

  private begin(id: string, name: string, address: string, most: number): DefinedPeer {
    if (this.peers.size >= most) this.endAnIdleOne();
    const peer: DefinedPeer = new DefinedPeer(name, address, () => this.look(id, peer));
    this.peers.set(id, peer);
    return peer;
  }

  /** @throws TooManyPeers when there is none */
  private endAnIdleOne(): void {
    const idle = [...this.peers].find(([, { isIdle }]) => isIdle);
    if (idle === undefined) throw new TooManyPeers();
    this.end(...idle);
  }

  private look(id: string, peer: DefinedPeer): void {
    clearTimeout(peer.idle);
    if (peer.isIdle) peer.idle = setTimeout(() => this.end(id, peer), IDLE_MS);
  }

  private end(id: string, peer: DefinedPeer): void {
    clearTimeout(peer.idle);
    if (this.peers.get(id) !== peer) return;
    this.peers.delete(id);
    senderOf(this.RED).endPeer(id, peer.user);
  }
}
