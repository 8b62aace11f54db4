import { PduType } from './pdu';

/**
 * The acceptor's states (PS3.8 9.2): `awaiting-request` is Sta2, `open` Sta6, `releasing` Sta8, `awaiting-close` Sta13,
 * `closed` Sta1. Sta3 does not last: the decision is made in the same turn. Sta4, 5, 7, 9, 10, 11 and 12 belong to a
 * requestor, or to one that asks for the release itself, which this software never does.
 */
export type State = 'awaiting-request' | 'open' | 'releasing' | 'awaiting-close' | 'closed';

/** What may come in each state; anything else is answered with A-ABORT, but ignored in Sta13 (PS3.8 Table 9-10). */
export const LEGAL_PDUS: Record<State, readonly number[]> = {
  'awaiting-request': [PduType.associateRQ, PduType.abort],
  open: [PduType.dataTF, PduType.releaseRQ, PduType.abort],
  releasing: [PduType.abort],
  'awaiting-close': [
    PduType.associateAC,
    PduType.associateRJ,
    PduType.dataTF,
    PduType.releaseRQ,
    PduType.releaseRP,
    PduType.abort,
  ],
  closed: [],
};
