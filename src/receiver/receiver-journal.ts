import type { JournalEntry, LetterFacts } from '../admin-api';
import { giveUpText, type GiveUpReason } from '../delivery';
import { knownClass } from '../dicom';
import { Journal, type JournalConfig } from '../journal';
import { hexStatus, isFailure, type NetworkEvent } from '../network';
import type { AnsweredObject } from './object-intake';

/** A receiver's journal: what was received, refused, and set aside. */
export class ReceiverJournal extends Journal {
  constructor(
    private readonly config: JournalConfig,
    failed: (error: Error) => void,
  ) {
    super({ directory: config.directory, failed });
  }

  /** A failure is an event that tells more. */
  answered({ id: objectId, request, identity, bytes, patient, answer }: AnsweredObject): void {
    if (isFailure(answer.status)) return;
    const { transferSyntaxUID, association } = request;
    const { sopClassUID = request.sopClassUID, sopInstanceUID = request.sopInstanceUID } = identity;
    const { callingAET, calledAET, remoteAddress } = association;
    this.add({
      outcome: 'received',
      sopClassUID: knownClass(sopClassUID),
      sopInstanceUID,
      callingAET,
      calledAET,
      remoteAddress,
      status: hexStatus(answer.status),
      bytes,
      transferSyntaxUID,
      ...patient,
      objectId,
    });
  }

  refused(event: NetworkEvent & { event: 'object-refused' }): void {
    const { sopClassUID, sopInstanceUID, callingAET, calledAET, remoteAddress, bytes, text } = event;
    const uids = { sopClassUID: knownClass(sopClassUID), sopInstanceUID };
    const status = hexStatus(event.status);
    this.add({ outcome: 'refused', ...uids, callingAET, calledAET, remoteAddress, status, text, bytes });
  }

  setAside(objectId: string, reason: GiveUpReason, facts: LetterFacts): void {
    const { sopClassUID, sopInstanceUID, callingAET, size, status, patientID } = facts;
    this.add({
      outcome: 'dead-letter',
      ...(sopClassUID !== undefined && { sopClassUID }),
      ...(sopInstanceUID !== undefined && { sopInstanceUID }),
      ...(callingAET !== undefined && { callingAET }),
      ...(status !== undefined && { status }),
      text: giveUpText(reason),
      ...('deliveries' in reason && { attempts: reason.deliveries }),
      ...(size !== undefined && { bytes: size }),
      ...(this.config.patient && patientID !== undefined && { patientID }),
      objectId,
    });
  }

  private add(entry: Omit<JournalEntry, 'at' | 'direction'>): void {
    this.append({ at: new Date().toISOString(), direction: 'in', ...entry });
  }
}
