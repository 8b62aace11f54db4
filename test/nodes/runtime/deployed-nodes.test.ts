import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { deployedNodes } from '../../../nodes/runtime/deployed-nodes';

abstract class Owner {
  abstract readonly queue: string;
}
class Listener extends Owner {
  readonly queue = 'of a listener';
}
class Sender {
  readonly peer = 'PACS';
}

describe('the nodes that are deployed', () => {
  afterEach(() => ['a', 'b'].forEach((id) => deployedNodes.remove(id)));

  it('are found by id and by what they let others do, and not once they are removed', () => {
    const [listener, sender] = [new Listener(), new Sender()];
    deployedNodes.add('a', listener);
    deployedNodes.add('b', sender);
    assert.equal(deployedNodes.get('a', Listener), listener);
    assert.equal(deployedNodes.get('a', Owner), listener);
    assert.equal(deployedNodes.get('b', Owner), undefined, 'another kind');
    assert.equal(deployedNodes.get('c', Owner), undefined);
    deployedNodes.remove('a');
    assert.equal(deployedNodes.get('a', Owner), undefined);
  });

  it('are listed by kind', () => {
    const [listener, sender] = [new Listener(), new Sender()];
    deployedNodes.add('a', listener);
    deployedNodes.add('b', sender);
    assert.deepEqual(deployedNodes.all(Owner), [listener]);
    assert.deepEqual(deployedNodes.all(Sender), [sender]);
  });
});
