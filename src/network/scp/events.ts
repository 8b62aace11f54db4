import type { Rejection } from '../upper-layer';

/** Who an event is about. AE titles are as the peer sent them: make them printable before they reach a log. */
export interface AboutAssociation {
  /** The same in all events and in `msg.dicom` of one association. */
  associationId: string;
  callingAET: string;
  calledAET: string;
  remoteAddress: string;
  remotePort: number;
  /** On a TLS connection. The subject is empty where no certificate was asked for. */
  tls?: { authorized: boolean; subject: string };
}

/** What an association has brought until its end. */
interface Totals {
  objects: number;
  /** Of data sets. */
  bytes: number;
  seconds: number;
}

/** What happened on the network, for logs, counters and the node's second output: `docs/events.md` has the words. */
export type NetworkEvent =
  | ({ event: 'association-accepted' } & AboutAssociation)
  | ({ event: 'association-rejected' } & AboutAssociation & Rejection)
  | ({ event: 'association-released' } & AboutAssociation & Totals)
  | ({
      event: 'association-aborted';
      /** Who ended it: the peer by A-ABORT or by closing the connection, or this node. */
      by: 'peer' | 'node';
      source: number;
      reason: number;
      text: string;
    } & AboutAssociation &
      Totals)
  | ({
      event: 'object-received';
      sopClassUID: string;
      sopInstanceUID: string;
      bytes: number;
    } & AboutAssociation)
  | ({
      event: 'object-refused';
      sopClassUID: string;
      sopInstanceUID: string;
      bytes: number;
      status: number;
      text: string;
    } & AboutAssociation)
  | ({ event: 'request-refused'; operation: string; status: number; text: string } & AboutAssociation)
  | { event: 'connection-refused'; remoteAddress: string; remotePort: number; text: string };
