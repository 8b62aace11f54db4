import type { NodeAPI } from 'node-red';
import { type CommandStatus, type CommitmentReport, Status } from '../../../src/network';
import { isUnheard } from '../../../src/worker';
import { deployedNodes } from '../../runtime/deployed-nodes';
import { PeerOwner, senderOf } from '../../runtime/peers';

const NOT_AWAITED: CommandStatus = {
  status: Status.processingFailure,
  comment: 'no request of this transaction UID is open',
};
const NOT_NOW: CommandStatus = { status: Status.processingFailure, comment: 'the sender is not running now' };

/** Calling AE titles of the peers that report on storage commitment through a dicom-in node. */
export function reportersTo(nodeId: string): string[] {
  return reporting(nodeId).map(([, callingAET]) => callingAET);
}

/** Has what a peer says of its storage taken in by who waits for it. Resolves with the answer to the peer. */
export async function takeReport(
  RED: Pick<NodeAPI, 'events' | 'log' | 'settings'>,
  nodeId: string,
  callingAET: string,
  report: CommitmentReport,
): Promise<CommandStatus> {
  const caller = callingAET.toUpperCase();
  const peers = reporting(nodeId).filter(([, title]) => title.toUpperCase() === caller);
  try {
    const isTaken = await senderOf(RED).ask(
      'report',
      peers.map(([id]) => id),
      report,
    );
    return isTaken ? { status: Status.success } : NOT_AWAITED;
  } catch (error) {
    if (isUnheard(error)) return NOT_NOW;
    throw error;
  }
}

/** Peers by their ids, with what they call themselves. */
function reporting(nodeId: string): (readonly [id: string, callingAET: string])[] {
  return deployedNodes
    .entries(PeerOwner)
    .flatMap(([id, { reports }]) => (reports?.through === nodeId ? [[id, reports.callingAET] as const] : []));
}
