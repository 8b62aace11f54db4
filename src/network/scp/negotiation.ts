import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { log as dcmjsLog } from 'dcmjs';
import * as dimse from 'dcmjs-dimse';
import { IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME } from '../../dicom';
import { type AssociateRequest, ContextResult, PduType } from '../upper-layer';
import type { ContextAnswer } from './association-policy';

/** Above every `maxPduLength`: the library announces the smaller of this and the association's own. */
const LIBRARY_MAX_PDU_LENGTH = 0xffff_fffe;

dimse.Implementation.setImplementationClassUid(IMPLEMENTATION_CLASS_UID);
dimse.Implementation.setImplementationVersion(IMPLEMENTATION_VERSION_NAME);
dimse.Implementation.setMaxPduLength(LIBRARY_MAX_PDU_LENGTH);
// Both print identifiers and data sets to the console; what matters reaches `onError`.
dimse.log.setLevel('silent');
dcmjsLog.setLevel('silent');

/** The library's socket: what it writes goes to `send`, one whole PDU a call. */
class PduChannel extends Duplex {
  /** True if the peer proposed an asynchronous operations window, and is to be answered one. */
  asynchronousOperations = false;

  constructor(private readonly send: (pdu: Buffer) => void) {
    super();
  }

  override _read(): void {
    // Pushed to from outside: see NegotiatingScp.receive.
  }

  override _write(pdu: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    const isAccept = pdu[0] === PduType.associateAC;
    this.send(isAccept && this.asynchronousOperations ? withOperationsWindow(pdu) : pdu);
    done();
  }

  /** The library sets a connect timeout on its socket; the association's own timers do that work. */
  setTimeout(): this {
    return this;
  }
}

/** Item type 53H: one operation invoked, one performed (PS3.7 D.3.3.3.2). */
const ONE_OPERATION = Buffer.from([0x53, 0, 0, 4, 0, 1, 0, 1]);
const USER_INFORMATION = 0x50;
const FIRST_ITEM = 74;

/**
 * Adds our answer to a proposed asynchronous operations window, which the library leaves out when it is (1,1). The user
 * information is the last item of its A-ASSOCIATE-AC.
 */
function withOperationsWindow(accept: Buffer): Buffer {
  const answered = Buffer.concat([accept, ONE_OPERATION]);
  answered.writeUInt32BE(accept.readUInt32BE(2) + ONE_OPERATION.length, 2);
  let offset = FIRST_ITEM;
  while (accept.readUInt8(offset) !== USER_INFORMATION) offset += 4 + accept.readUInt16BE(offset + 2);
  answered.writeUInt16BE(accept.readUInt16BE(offset + 2) + ONE_OPERATION.length, offset + 2);
  return answered;
}

/**
 * dcmjs-dimse's SCP for one association. It writes the A-ASSOCIATE-AC and answers a release. Of what a peer sends it sees
 * the A-RELEASE-RQ, and texts that are no longer than they may be: its reader of command sets is dcmjs' reader of data
 * sets, and its writer knows no maximum length of the peer's. The A-ASSOCIATE-RQ is read by `readAssociateRequest`, because the
 * library's reader renumbers contexts that are not proposed in ascending order and loses its place at unknown items.
 */
export class NegotiatingScp extends dimse.Scp {
  private readonly channel: PduChannel;
  /** The library's own field, which its types leave out. */
  declare association: dimse.association.Association;

  constructor(send: (pdu: Buffer) => void, onError: (error: Error) => void) {
    const channel = new PduChannel(send);
    super(channel as unknown as Socket, {});
    this.channel = channel;
    this.on('networkError', onError);
  }

  /** Sends the A-ASSOCIATE-AC with our answers (PS3.8 9.3.3). */
  accept(request: AssociateRequest, contexts: readonly ContextAnswer[], maxPduLength: number): void {
    const association = new dimse.association.Association(request.callingAETField, request.calledAETField);
    // Ascending: the library moves an id that is lower than one it already has.
    const answeredRoles = new Set<string>();
    for (const answer of [...contexts].sort((a, b) => a.id - b.id)) {
      association.addPresentationContext(answer.abstractSyntax, answer.id);
      const context = association.getPresentationContext(answer.id);
      context.setResult(answer.result, answer.transferSyntax);
      const role = request.roles.find(({ sopClass }) => sopClass === answer.abstractSyntax);
      if (role !== undefined && answer.result === ContextResult.accept && !answeredRoles.has(role.sopClass)) {
        // We are an SCP only: the peer may be SCU, if it proposed so, and not SCP. One answer for a SOP class, however
        // many contexts it has (PS3.7 D.3.3.4).
        answeredRoles.add(role.sopClass);
        context.setUserRole(role.scu);
        context.setProviderRole(false);
      }
    }
    association.setMaxPduLength(maxPduLength);
    this.association = association;
    this.channel.asynchronousOperations = request.asynchronousOperations;
    this.sendAssociationAccept();
  }

  /** Hands over one whole PDU that is legal now. */
  receive(pdu: Buffer): void {
    this.channel.push(pdu);
  }

  /** Ends the library's timer. */
  close(): void {
    this.channel.destroy();
  }

  override associationReleaseRequested(): void {
    this.sendAssociationReleaseResponse();
  }

  override abort(): void {
    // The association itself handles A-ABORT.
  }
}
