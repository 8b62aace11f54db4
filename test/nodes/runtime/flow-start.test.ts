import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { describe, it } from 'node:test';
import type { NodeAPI } from 'node-red';
import { FlowStart } from '../../../nodes/runtime/flow-start';

function flowStart(): { start: FlowStart; events: EventEmitter; logged: string[] } {
  const events = new EventEmitter();
  const logged: string[] = [];
  const RED = { events, log: { error: (text: string) => logged.push(text) } };
  return { start: FlowStart.of(RED as unknown as NodeAPI), events, logged };
}

describe('the start of flows', () => {
  it('has one listener, however many nodes wait for it, and runs each once', () => {
    const { start, events } = flowStart();
    const ran: number[] = [];
    for (let number = 0; number < 50; number += 1) start.add(() => ran.push(number));
    assert.equal(events.listenerCount('flows:started'), 1);
    events.emit('flows:started');
    events.emit('flows:started');
    assert.deepEqual(ran, [...Array(50).keys()]);
  });

  it('is the same for all node types of a Node-RED, each of which has an API of its own', () => {
    const { start, events } = flowStart();
    const ofOtherType = { events, log: {} } as unknown as NodeAPI;
    assert.equal(FlowStart.of(ofOtherType), start);
    assert.equal(events.listenerCount('flows:started'), 1);
    assert.notEqual(flowStart().start, start, 'another Node-RED');
  });

  it('is not their stop, of which each node hears that asks for it, each time', () => {
    const { start, events } = flowStart();
    const ran: string[] = [];
    start.addForEachStop(() => ran.push('stop'));
    start.addForEach(() => ran.push('start'));
    for (const event of ['stopping', 'stopped', 'started', 'stopping']) events.emit(`flows:${event}`);
    assert.deepEqual(ran, ['stop', 'start', 'stop']);
  });

  it('leaves out a node that was closed before', () => {
    const { start, events } = flowStart();
    const closed = (): void => assert.fail('it was closed');
    start.add(closed);
    start.addForEachStop(closed);
    start.remove(closed);
    events.emit('flows:stopping');
    events.emit('flows:started');
  });

  it('goes on after one that fails, and logs that', () => {
    const { start, events, logged } = flowStart();
    let ran = false;
    start.add(() => {
      throw new Error('no');
    });
    start.add(() => (ran = true));
    events.emit('flows:started');
    assert.deepEqual([ran, logged], [true, ['dicom: no']]);
  });
});
