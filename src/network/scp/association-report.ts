import { isFailure, type Outcome, Status } from '../dimse';
import type { Abort, AssociationFacts, Rejection } from '../upper-layer';
import type { AboutAssociation, NetworkEvent } from './events';

/** Tells what happens on one association, and counts its objects for the last word. */
export class AssociationReport {
  private readonly openedAt = performance.now();
  private objects = 0;
  private bytes = 0;

  constructor(
    private readonly facts: AssociationFacts,
    private readonly report: (event: NetworkEvent) => void,
  ) {}

  accepted(): void {
    this.report({ event: 'association-accepted', ...this.about() });
  }

  rejected(rejection: Rejection): void {
    this.report({ event: 'association-rejected', ...this.about(), ...rejection });
  }

  released(): void {
    this.report({ event: 'association-released', ...this.about(), ...this.totals() });
  }

  aborted(abort: Abort): void {
    this.report({ event: 'association-aborted', ...this.about(), ...abort, ...this.totals() });
  }

  /** The connection ended before an association was asked for. */
  refused(text: string): void {
    const { remoteAddress, remotePort } = this.facts;
    this.report({ event: 'connection-refused', remoteAddress, remotePort, text });
  }

  performed({ operation, sopClassUID, sopInstanceUID, status: answer, bytes }: Outcome): void {
    const { status, comment: text = '' } = answer;
    const uids = { sopClassUID, sopInstanceUID };
    const failed = isFailure(status);
    if (operation === 'C-STORE' && !failed) {
      this.objects += 1;
      this.bytes += bytes;
      this.report({ event: 'object-received', ...this.about(), ...uids, bytes });
    } else if (operation === 'C-STORE') {
      this.report({ event: 'object-refused', ...this.about(), ...uids, bytes, status, text });
    } else if (failed && !NOT_REFUSED.has(status)) {
      this.report({ event: 'request-refused', ...this.about(), operation, status, text });
    }
  }

  private totals(): { objects: number; bytes: number; seconds: number } {
    const { objects, bytes } = this;
    return { objects, bytes, seconds: Math.round(performance.now() - this.openedAt) / 1000 };
  }

  private about(): AboutAssociation {
    const { associationId, callingAET, calledAET, remoteAddress, remotePort, tls } = this.facts;
    return { associationId, callingAET, calledAET, remoteAddress, remotePort, ...(tls && { tls }) };
  }
}

/** Cancelled, and the warnings of N services (PS3.7 Annex C). */
const NOT_REFUSED: ReadonlySet<number> = new Set([Status.cancel, 0x0001, 0x0107, 0x0116]);
