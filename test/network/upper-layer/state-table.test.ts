import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { actionFor, stateAfter, type Action, type State } from '../../../src/network/upper-layer/state-table';
import { STATES, TABLE_9_10 } from './table-9-10';

/** The state in which each action ends (PS3.8 Tables 9-6 to 9-9), for a requestor. */
const ENDS_IN: Readonly<Record<State, readonly Action[]>> = {
  Sta1: ['AE-4', 'AR-3', 'AR-5', 'AA-2', 'AA-3', 'AA-4', 'AA-5'],
  Sta2: ['AE-5'],
  Sta3: ['AE-6'],
  Sta4: ['AE-1'],
  Sta5: ['AE-2'],
  Sta6: ['AE-3', 'AE-7', 'DT-1', 'DT-2'],
  Sta7: ['AR-1', 'AR-6'],
  Sta8: ['AR-2', 'AR-7'],
  Sta9: ['AR-8'],
  Sta10: [],
  Sta11: ['AR-9'],
  Sta12: ['AR-10'],
  Sta13: ['AE-8', 'AR-4', 'AA-1', 'AA-6', 'AA-7', 'AA-8'],
};

describe('the state table is PS3.8 Table 9-10', () => {
  for (const [event, row] of TABLE_9_10) {
    it(event, () => {
      assert.deepEqual(
        STATES.map((state) => actionFor(event, state) ?? '-'),
        row,
      );
    });
  }

  it('has a state after each action; after a collision, that of its side', () => {
    for (const [state, actions] of Object.entries(ENDS_IN))
      for (const action of actions) assert.equal(stateAfter(action, 'requestor'), state, action);
    for (const [state, actions] of Object.entries(ENDS_IN))
      for (const action of actions)
        assert.equal(stateAfter(action, 'acceptor'), action === 'AR-8' ? 'Sta10' : state, action);
  });
});
