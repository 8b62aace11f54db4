import { PduType } from './pdu';

/** PS3.8 Tables 9-1 to 9-5. */
export type State =
  | 'Sta1'
  | 'Sta2'
  | 'Sta3'
  | 'Sta4'
  | 'Sta5'
  | 'Sta6'
  | 'Sta7'
  | 'Sta8'
  | 'Sta9'
  | 'Sta10'
  | 'Sta11'
  | 'Sta12'
  | 'Sta13';

/** What a state is, in words for a log. */
export const STATE_WORDS: Readonly<Record<State, string>> = {
  Sta1: 'closed',
  Sta2: 'awaiting an A-ASSOCIATE-RQ',
  Sta3: 'deciding about an association',
  Sta4: 'connecting',
  Sta5: 'awaiting the answer to an A-ASSOCIATE-RQ',
  Sta6: 'open',
  Sta7: 'awaiting an A-RELEASE-RP',
  Sta8: 'releasing',
  Sta9: 'releasing, as the peer is',
  Sta10: 'releasing, as the peer is',
  Sta11: 'releasing, as the peer is',
  Sta12: 'releasing, as the peer is',
  Sta13: 'awaiting the close of the connection',
};

/** The rows of Table 9-10: PDUs that are received, primitives of the local user, and what the connection and ARTIM do. */
export type ProtocolEvent =
  | 'A-ASSOCIATE request'
  | 'transport confirmation'
  | 'A-ASSOCIATE-AC'
  | 'A-ASSOCIATE-RJ'
  | 'transport indication'
  | 'A-ASSOCIATE-RQ'
  | 'A-ASSOCIATE response, accept'
  | 'A-ASSOCIATE response, reject'
  | 'P-DATA request'
  | 'P-DATA-TF'
  | 'A-RELEASE request'
  | 'A-RELEASE-RQ'
  | 'A-RELEASE-RP'
  | 'A-RELEASE response'
  | 'A-ABORT request'
  | 'A-ABORT'
  | 'transport closed'
  | 'ARTIM expired'
  | 'invalid PDU';

/** PS3.8 Tables 9-6 to 9-9. */
export type Action = keyof typeof NEXT_STATE;

/** Which side asked for the association. */
export type Role = 'acceptor' | 'requestor';

/**
 * The state after each action. AE-6 ends in Sta3 here: it is the local user that rejects, by AE-8. After AR-8 an acceptor
 * is in Sta10.
 */
const NEXT_STATE = {
  'AE-1': 'Sta4',
  'AE-2': 'Sta5',
  'AE-3': 'Sta6',
  'AE-4': 'Sta1',
  'AE-5': 'Sta2',
  'AE-6': 'Sta3',
  'AE-7': 'Sta6',
  'AE-8': 'Sta13',
  'DT-1': 'Sta6',
  'DT-2': 'Sta6',
  'AR-1': 'Sta7',
  'AR-2': 'Sta8',
  'AR-3': 'Sta1',
  'AR-4': 'Sta13',
  'AR-5': 'Sta1',
  'AR-6': 'Sta7',
  'AR-7': 'Sta8',
  'AR-8': 'Sta9',
  'AR-9': 'Sta11',
  'AR-10': 'Sta12',
  'AA-1': 'Sta13',
  'AA-2': 'Sta1',
  'AA-3': 'Sta1',
  'AA-4': 'Sta1',
  'AA-5': 'Sta1',
  'AA-6': 'Sta13',
  'AA-7': 'Sta13',
  'AA-8': 'Sta13',
} as const satisfies Record<string, State>;

type Row = Readonly<Partial<Record<State, Action>>>;

/** What most PDUs are in most states: not expected. */
const UNEXPECTED: Row = {
  Sta2: 'AA-1',
  Sta3: 'AA-8',
  Sta5: 'AA-8',
  Sta6: 'AA-8',
  Sta7: 'AA-8',
  Sta8: 'AA-8',
  Sta9: 'AA-8',
  Sta10: 'AA-8',
  Sta11: 'AA-8',
  Sta12: 'AA-8',
  Sta13: 'AA-6',
};
/** The same action in all states in which there is, or is to be, an association. */
const throughout = (action: Action): Row => ({
  Sta3: action,
  Sta5: action,
  Sta6: action,
  Sta7: action,
  Sta8: action,
  Sta9: action,
  Sta10: action,
  Sta11: action,
  Sta12: action,
});

/** PS3.8 Table 9-10, for both roles. */
const TABLE: Readonly<Record<ProtocolEvent, Row>> = {
  'A-ASSOCIATE request': { Sta1: 'AE-1' },
  'transport confirmation': { Sta4: 'AE-2' },
  'A-ASSOCIATE-AC': { ...UNEXPECTED, Sta5: 'AE-3' },
  'A-ASSOCIATE-RJ': { ...UNEXPECTED, Sta5: 'AE-4' },
  'transport indication': { Sta1: 'AE-5' },
  'A-ASSOCIATE-RQ': { ...UNEXPECTED, Sta2: 'AE-6', Sta13: 'AA-7' },
  'A-ASSOCIATE response, accept': { Sta3: 'AE-7' },
  'A-ASSOCIATE response, reject': { Sta3: 'AE-8' },
  'P-DATA request': { Sta6: 'DT-1', Sta8: 'AR-7' },
  'P-DATA-TF': { ...UNEXPECTED, Sta6: 'DT-2', Sta7: 'AR-6' },
  'A-RELEASE request': { Sta6: 'AR-1' },
  'A-RELEASE-RQ': { ...UNEXPECTED, Sta6: 'AR-2', Sta7: 'AR-8' },
  'A-RELEASE-RP': { ...UNEXPECTED, Sta7: 'AR-3', Sta10: 'AR-10', Sta11: 'AR-3' },
  'A-RELEASE response': { Sta8: 'AR-4', Sta9: 'AR-9', Sta12: 'AR-4' },
  'A-ABORT request': { ...throughout('AA-1'), Sta4: 'AA-2' },
  'A-ABORT': { ...throughout('AA-3'), Sta2: 'AA-2', Sta13: 'AA-2' },
  'transport closed': { ...throughout('AA-4'), Sta2: 'AA-5', Sta4: 'AA-4', Sta13: 'AR-5' },
  'ARTIM expired': { Sta2: 'AA-2', Sta13: 'AA-2' },
  'invalid PDU': { ...UNEXPECTED, Sta13: 'AA-7' },
};

/** What an event makes the protocol machine do in a state. Undefined: it cannot occur there. */
export function actionFor(event: ProtocolEvent, state: State): Action | undefined {
  return TABLE[event][state];
}

export function stateAfter(action: Action, role: Role): State {
  return action === 'AR-8' && role === 'acceptor' ? 'Sta10' : NEXT_STATE[action];
}

/** True from the acceptance of an association to its end. */
export function isAssociated(state: State): boolean {
  return !['Sta1', 'Sta2', 'Sta3', 'Sta4', 'Sta5', 'Sta13'].includes(state);
}

/** True for an action that answers what the peer should not have sent. */
export function isViolation(action: Action | undefined): boolean {
  return action === 'AA-1' || action === 'AA-7' || action === 'AA-8';
}

export const EVENT_OF_PDU: Readonly<Record<PduType, ProtocolEvent>> = {
  [PduType.associateRQ]: 'A-ASSOCIATE-RQ',
  [PduType.associateAC]: 'A-ASSOCIATE-AC',
  [PduType.associateRJ]: 'A-ASSOCIATE-RJ',
  [PduType.dataTF]: 'P-DATA-TF',
  [PduType.releaseRQ]: 'A-RELEASE-RQ',
  [PduType.releaseRP]: 'A-RELEASE-RP',
  [PduType.abort]: 'A-ABORT',
};
