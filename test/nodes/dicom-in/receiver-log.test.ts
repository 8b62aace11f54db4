import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Node, NodeAPI } from 'node-red';
import { ReceiverLog, logsDetails } from '../../../nodes/dicom-in/runtime/receiver-log';
import type { ReceiverEvent } from '../../../src/receiver';
import { Boundary } from '../../../src/worker';

const AT = '2026-11-26T00:00:00.000Z';
const caller = { at: AT, remoteAddress: '10.0.0.1', callingAET: 'CT01', calledAET: 'ARCHIVE' };
const event = (facts: Record<string, unknown>): ReceiverEvent =>
  ({ ...caller, ...facts }) as unknown as ReceiverEvent;
const rejection = (callingAET = 'CT01'): ReceiverEvent =>
  event({ event: 'association-rejected', callingAET, result: 1, source: 1, reason: 3, text: 'why' });

/** A log, and the lines that a node was told to write: "level text". */
function logging(): { log: ReceiverLog; lines: string[] } {
  const lines: string[] = [];
  const write =
    (level: string) =>
    (text: string): void =>
      void lines.push(`${level} ${text}`);
  const node = { log: write('info'), warn: write('warn'), debug: write('debug') } as unknown as Node;
  const boundary = new Boundary((error) => assert.fail(error));
  return { log: new ReceiverLog(node, boundary), lines };
}

describe('the log of a receiver', () => {
  it('has a line for each event that an operator looks for later, at its level', () => {
    const { log, lines } = logging();
    for (const facts of [
      { event: 'listening', address: '0.0.0.0', port: 104 },
      { event: 'association-accepted' },
      { event: 'association-released', objects: 3 },
      { event: 'association-aborted', by: 'peer', source: 0, reason: 0, text: 'it left' },
      { event: 'connection-refused', text: 'not an allowed host' },
      { event: 'object-received', sopInstanceUID: '1.2' },
      { event: 'object-refused', sopInstanceUID: '1.2', status: 0xa700, text: 'full' },
      { event: 'request-refused', operation: 'C-FIND', text: 'not offered' },
      { event: 'queue-full', text: 'the queue is full' },
      { event: 'stopped' },
    ])
      log.write(event(facts));
    log.close();
    assert.deepEqual(lines, [
      'info listening on 0.0.0.0 port 104',
      'debug association accepted from CT01 at 10.0.0.1',
      'debug association from CT01 at 10.0.0.1 released after 3 objects',
      'warn association from CT01 at 10.0.0.1 aborted by peer (0/0): it left',
      'warn connection from 10.0.0.1 refused: not an allowed host',
      'debug object 1.2 received from CT01 at 10.0.0.1',
      'warn object 1.2 from CT01 at 10.0.0.1 refused with A700: full',
      'warn C-FIND from CT01 at 10.0.0.1 refused: not offered',
      'warn objects are refused: the queue is full',
    ]);
  });

  it('says that a fault has passed', () => {
    const { log, lines } = logging();
    for (const kind of ['databaseAway', 'sharedDirectoryMissing', 'portInUse'] as const) log.recovered(kind);
    assert.deepEqual(lines, [
      'info the database of the shared queue can be used again',
      'info the shared directory of the queue can be used again',
    ]);
  });

  it('is forged by nobody: what comes from a peer is printable', () => {
    const { log, lines } = logging();
    log.write(rejection('A\n[error] forged'));
    log.write(rejection(''));
    log.close();
    assert.doesNotMatch(lines.join(''), /\n/);
    assert.match(lines[1] ?? '', /\(no AE title\)/);
  });

  it('has ten lines of one kind from one caller in a window, and how many more there were', () => {
    const { log, lines } = logging();
    for (let count = 0; count < 25; count += 1) log.write(rejection());
    log.write(rejection('MR01'));
    log.write(event({ event: 'association-accepted' }));
    assert.equal(lines.filter((line) => line.includes('CT01 at') && line.includes('rejected')).length, 10);
    assert.equal(lines.filter((line) => line.includes('MR01')).length, 1, 'others are not hidden');
    assert.match(lines.at(-1) ?? '', /^debug association accepted/);
    log.close();
    assert.match(lines.at(-1) ?? '', /^warn 15 more refused, rejected or aborted in 10 s/);
  });

  it('knows whether anybody reads details', () => {
    const RED = (logging: unknown): NodeAPI => ({ settings: { logging } }) as unknown as NodeAPI;
    assert.equal(logsDetails(RED(undefined)), false);
    assert.equal(logsDetails(RED({ console: { level: 'info' } })), false);
    assert.equal(logsDetails(RED({ console: { level: 'info' }, file: { level: 'trace' } })), true);
  });
});
