import type { Rejection } from './pdu';

interface AboutAssociation {
  associationId: string;
  callingAET: string;
  calledAET: string;
  remoteAddress: string;
}

/** What happened on the network, for logs, counters and the node's second output. */
export type NetworkEvent =
  | ({ event: 'association-accepted' } & AboutAssociation)
  | ({ event: 'association-rejected' } & AboutAssociation & Rejection)
  | ({ event: 'association-released'; objects: number; bytes: number; seconds: number } & AboutAssociation)
  | ({
      event: 'association-aborted';
      /** Who ended it: the peer by A-ABORT or by closing the connection, or this node. */
      by: 'peer' | 'node';
      source: number;
      reason: number;
      text: string;
    } & AboutAssociation)
  | ({
      event: 'object-received';
      sopClassUID: string;
      sopInstanceUID: string;
      bytes: number;
    } & AboutAssociation)
  | ({ event: 'object-refused'; sopInstanceUID: string; status: number; text: string } & AboutAssociation)
  | { event: 'connection-refused'; remoteAddress: string; text: string };
