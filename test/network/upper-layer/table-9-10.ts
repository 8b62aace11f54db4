import type { ProtocolEvent, State } from '../../../src/network/upper-layer/state-table';

export const STATES = Array.from({ length: 13 }, (_, index) => `Sta${index + 1}` as State);

const row = (text: string): string[] => text.trim().split(/\s+/);

/** PS3.8 Table 9-10 as it is printed, events 1 to 19; a column for each of Sta1 to Sta13. */
export const TABLE_9_10: readonly (readonly [ProtocolEvent, readonly string[]])[] = [
  ['A-ASSOCIATE request', row('AE-1 - - - - - - - - - - - -')],
  ['transport confirmation', row('- - - AE-2 - - - - - - - - -')],
  ['A-ASSOCIATE-AC', row('- AA-1 AA-8 - AE-3 AA-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-6')],
  ['A-ASSOCIATE-RJ', row('- AA-1 AA-8 - AE-4 AA-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-6')],
  ['transport indication', row('AE-5 - - - - - - - - - - - -')],
  ['A-ASSOCIATE-RQ', row('- AE-6 AA-8 - AA-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-7')],
  ['A-ASSOCIATE response, accept', row('- - AE-7 - - - - - - - - - -')],
  ['A-ASSOCIATE response, reject', row('- - AE-8 - - - - - - - - - -')],
  ['P-DATA request', row('- - - - - DT-1 - AR-7 - - - - -')],
  ['P-DATA-TF', row('- AA-1 AA-8 - AA-8 DT-2 AR-6 AA-8 AA-8 AA-8 AA-8 AA-8 AA-6')],
  ['A-RELEASE request', row('- - - - - AR-1 - - - - - - -')],
  ['A-RELEASE-RQ', row('- AA-1 AA-8 - AA-8 AR-2 AR-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-6')],
  ['A-RELEASE-RP', row('- AA-1 AA-8 - AA-8 AA-8 AR-3 AA-8 AA-8 AR-10 AR-3 AA-8 AA-6')],
  ['A-RELEASE response', row('- - - - - - - AR-4 AR-9 - - AR-4 -')],
  ['A-ABORT request', row('- - AA-1 AA-2 AA-1 AA-1 AA-1 AA-1 AA-1 AA-1 AA-1 AA-1 -')],
  ['A-ABORT', row('- AA-2 AA-3 - AA-3 AA-3 AA-3 AA-3 AA-3 AA-3 AA-3 AA-3 AA-2')],
  ['transport closed', row('- AA-5 AA-4 AA-4 AA-4 AA-4 AA-4 AA-4 AA-4 AA-4 AA-4 AA-4 AR-5')],
  ['ARTIM expired', row('- AA-2 - - - - - - - - - - AA-2')],
  ['invalid PDU', row('- AA-1 AA-8 - AA-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-7')],
];
