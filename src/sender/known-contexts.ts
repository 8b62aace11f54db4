import {
  alternativesOf,
  COMMITMENT_CONTEXT,
  planContexts,
  type ProposedContext,
  type SendAs,
  type Transferable,
} from '../network';
import type { ObjectUids } from '../object';

/**
 * Kinds of objects that are proposed beside the one that is to be sent: with them, the next one finds its context there. Each has
 * two contexts at most, so that there is room for one more.
 */
const MOST = 60;

/** What has been sent to a peer lately, by SOP class and transfer syntax. An association is proposed with all of it. */
export class KnownContexts {
  /** The latest last. */
  private readonly kinds = new Map<string, Transferable>();

  /** @param commits storage commitment is proposed, too */
  constructor(
    private readonly sendAs: SendAs,
    private readonly commits: boolean,
  ) {}

  /** What an object needs, which is remembered. */
  add({ sopClassUID, transferSyntaxUID }: ObjectUids): Transferable {
    const key = keyOf(sopClassUID, transferSyntaxUID);
    const kind = this.kinds.get(key) ?? {
      sopClassUID,
      transferSyntaxUID,
      alternatives: alternativesOf(transferSyntaxUID, this.sendAs),
    };
    this.kinds.delete(key);
    this.kinds.set(key, kind);
    const [oldest] = this.kinds.keys();
    if (this.kinds.size > MOST && oldest !== undefined) this.kinds.delete(oldest);
    return kind;
  }

  /** Contexts for what was added last, and for as much of the rest as there is room for. */
  plan(): Proposal {
    const wanted = [...this.kinds.values()].reverse();
    const { contexts, rest } = planContexts(wanted);
    const left = new Set(rest);
    const proposed = wanted.filter((kind) => !left.has(kind));
    const commitment = { id: 2 * contexts.length + 1, ...COMMITMENT_CONTEXT };
    return {
      contexts: this.commits ? [...contexts, commitment] : contexts,
      kinds: new Set(proposed.map((kind) => keyOf(kind.sopClassUID, kind.transferSyntaxUID))),
    };
  }
}

/** What an association was asked for. */
export interface Proposal {
  contexts: ProposedContext[];
  /** Of the objects that it was asked for. */
  kinds: ReadonlySet<string>;
}

/** Whether an association was asked for objects of this kind. */
export function isProposed({ kinds }: Proposal, { sopClassUID, transferSyntaxUID }: ObjectUids): boolean {
  return kinds.has(keyOf(sopClassUID, transferSyntaxUID));
}

const keyOf = (sopClassUID: string, transferSyntaxUID: string): string =>
  `${sopClassUID}|${transferSyntaxUID}`;
