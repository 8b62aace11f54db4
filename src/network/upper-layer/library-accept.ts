import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { log as dcmjsLog } from 'dcmjs';
import * as dimse from 'dcmjs-dimse';
import { IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME } from '../../dicom';
import type { ContextAnswer } from './associate-accept';
import type { AssociateRequest } from './associate-request';
import { ContextResult } from './pdu';

/** Above every `maxPduLength`: the library announces the smaller of this and the association's own. */
const LIBRARY_MAX_PDU_LENGTH = 0xffff_fffe;

dimse.Implementation.setImplementationClassUid(IMPLEMENTATION_CLASS_UID);
dimse.Implementation.setImplementationVersion(IMPLEMENTATION_VERSION_NAME);
dimse.Implementation.setMaxPduLength(LIBRARY_MAX_PDU_LENGTH);
// Both print identifiers and data sets to the console; what matters is thrown.
dimse.log.setLevel('silent');
dcmjsLog.setLevel('silent');

/** The library's socket: keeps what it writes. */
class Written extends Duplex {
  readonly pdus: Buffer[] = [];

  override _read(): void {
    // The library is told nothing of what a peer sends.
  }

  override _write(pdu: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.pdus.push(pdu);
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

/** dcmjs-dimse's SCP, with a field that its types leave out. */
class LibraryScp extends dimse.Scp {
  declare association: dimse.association.Association;
}

/**
 * An A-ASSOCIATE-AC PDU with our answers (PS3.8 9.3.3), as dcmjs-dimse writes it. Of what a peer sends the library sees
 * nothing but texts that are no longer than they may be: its reader of A-ASSOCIATE-RQ renumbers contexts that are not
 * proposed in ascending order and loses its place at unknown items, and its SCP has a timer for each association.
 * @throws the library's error
 */
export function encodeAssociateAccept(
  request: AssociateRequest,
  answers: readonly ContextAnswer[],
  maxPduLength: number,
): Buffer {
  const written = new Written();
  const scp = new LibraryScp(written as unknown as Socket, {});
  let failure: Error | undefined;
  scp.on('networkError', (error: Error) => (failure = error));
  scp.association = libraryAssociation(request, answers, maxPduLength);
  scp.sendAssociationAccept();
  written.destroy();
  const [pdu] = written.pdus;
  if (pdu === undefined) throw failure ?? new Error('dcmjs-dimse has not written an A-ASSOCIATE-AC');
  return request.asynchronousOperations ? withOperationsWindow(pdu) : pdu;
}

function libraryAssociation(
  request: AssociateRequest,
  answers: readonly ContextAnswer[],
  maxPduLength: number,
): dimse.association.Association {
  const association = new dimse.association.Association(request.callingAETField, request.calledAETField);
  const answeredRoles = new Set<string>();
  // Ascending: the library moves an id that is lower than one it already has.
  for (const answer of [...answers].sort((a, b) => a.id - b.id)) {
    association.addPresentationContext(answer.abstractSyntax, answer.id);
    const context = association.getPresentationContext(answer.id);
    context.setResult(answer.result, answer.transferSyntax);
    const role = request.roles.find(({ sopClass }) => sopClass === answer.abstractSyntax);
    if (role !== undefined && answer.result === ContextResult.accept && !answeredRoles.has(role.sopClass)) {
      // A peer has one role only: SCU if it proposed so, or SCP where that is what it is let in for. One answer for a SOP
      // class, however many contexts it has (PS3.7 D.3.3.4).
      const { peerIsScp = false } = answer;
      answeredRoles.add(role.sopClass);
      context.setUserRole(role.scu && !peerIsScp);
      context.setProviderRole(peerIsScp);
    }
  }
  association.setMaxPduLength(maxPduLength);
  return association;
}
