import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { NodeAPI } from 'node-red';
import { deployedNodes } from '../../../../nodes/runtime/deployed-nodes';
import { PeerOwner } from '../../../../nodes/runtime/peers/peer-owner';
import { usablePeer } from '../../../../nodes/runtime/peers/usable-peer';

class Peer extends PeerOwner {
  readonly state = undefined;
  readonly reports = undefined;

  constructor(
    readonly name: string,
    readonly problem: string | undefined,
  ) {
    super();
  }

  watch(): () => void {
    return () => undefined;
  }
}

const CONFIGS = [
  { id: 'itself', type: 'dicom-peer', name: 'itself' },
  { id: 'other', type: 'dicom-peer', name: 'itself' },
];
const RED = {
  nodes: { eachNode: (look: (node: object) => void) => CONFIGS.forEach(look) },
  _: (key: string) => key,
} as unknown as NodeAPI;

const good = new Peer('good', undefined);

describe('the peer of an id', () => {
  before(() => {
    deployedNodes.add('good', good);
    deployedNodes.add('wrong', new Peer('wrong', 'Host: there is none'));
  });
  after(() => {
    for (const id of ['good', 'wrong']) deployedNodes.remove(id);
  });

  it('is the deployed one, or why that cannot be used', () => {
    assert.equal(usablePeer(RED, 'good'), good);
    assert.equal(usablePeer(RED, 'wrong'), 'Host: there is none');
    for (const id of ['gone', 'other', '']) assert.equal(usablePeer(RED, id), '');
  });

  it('is not started by Node-RED where a value of it is its own id, which is told', () => {
    const reason = usablePeer(RED, 'itself');
    assert.ok(typeof reason === 'string');
    assert.match(reason, /dicom-peer\.label\.name: .*dicom-peer\.warning\.ownId$/);
  });
});
