import type { HeldStreams } from './held-streams';
import type { NewClaim, NewRow, ObjectRow } from '../rows';

/** What it takes to claim an object as it is put. */
export type ToBePut = Pick<NewRow, 'seq' | 'stream' | 'isFirst'>;

/** An object that is being put, and claimed with that. */
export type PutClaim = NewClaim & Pick<ObjectRow, 'seq' | 'stream'>;

/**
 * Objects that this instance claims as it puts them. That spares the statement that would claim each, and for an association's first
 * object the one that would lease it: the lease of an association that nobody has heard of has the association's own number, which
 * no other has.
 */
export class PutClaims {
  private readonly underWay = new Set<PutClaim>();

  constructor(private readonly held: HeldStreams) {}

  get size(): number {
    return this.underWay.size;
  }

  /** Those are in flight, or will be, and nobody has them yet. */
  all(): PutClaim[] {
    return [...this.underWay];
  }

  /** Undefined: it is not this instance's, or would overtake others. */
  begin({ seq, stream, isFirst }: ToBePut, session: number): PutClaim | undefined {
    const lease = isFirst ? stream : this.held.leaseForNext(stream);
    if (lease === undefined) return undefined;
    if (isFirst) this.held.coming(stream, lease);
    const claim = { seq, stream, session, lease, isNew: isFirst };
    this.underWay.add(claim);
    return claim;
  }

  /** False: all of it has been closed meanwhile. */
  end(claim: PutClaim, isPut: boolean): boolean {
    if (!this.underWay.delete(claim)) return false;
    if (claim.isNew) this.held.came(claim.stream, isPut);
    return true;
  }

  close(): PutClaim[] {
    const claims = this.all();
    this.underWay.clear();
    return claims;
  }
}
