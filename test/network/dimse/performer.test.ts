import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { echoService } from '../../../src/network/dimse/echo-service';
import { Performer, type Outcome } from '../../../src/network/dimse/performer';
import { ServiceRegistry, type Request, type Service } from '../../../src/network/dimse/service';
import { ProtocolError } from '../../../src/network/upper-layer/pdu';
import { VERIFICATION, commandSet, echoRQ } from '../../support/connections/pdus';

const FIND = 0x0020;
const [WORKLIST, STUDY] = ['1.2.840.10008.5.1.4.31', '1.2.840.10008.5.1.4.1.2.2.1'];

/** What the operations of a test are told, and what becomes of their requests. */
class Performing {
  readonly told: string[] = [];
  readonly outcomes: Outcome[] = [];
  readonly performer: Performer;
  held: Promise<void> = Promise.resolve();

  constructor(services: (told: string[]) => Service[]) {
    this.performer = new Performer(
      {
        facts: {
          associationId: '',
          callingAET: '',
          calledAET: '',
          remoteAddress: '',
          remotePort: 0,
          localAddress: '',
          localPort: 0,
        },
        respond: () => undefined,
        respondWith: () => undefined,
        serve: (promise) => {
          this.held = promise;
        },
        hold: (promise) => {
          this.held = promise;
        },
        performed: (outcome) => void this.outcomes.push(outcome),
      },
      new ServiceRegistry(services(this.told)),
    );
  }

  take(isCommand: boolean, bytes: Buffer, { isLast = true, abstractSyntax = WORKLIST } = {}): void {
    this.performer.take(
      { contextId: 1, isCommand, isLast, endsPdv: true, bytes },
      { abstractSyntax, transferSyntax: '1.2.840.10008.1.2' },
    );
  }

  async statuses(): Promise<string[]> {
    await this.held;
    return this.outcomes.map(({ operation, status: { status } }) => `${operation} ${status.toString(16)}`);
  }
}

/** A query service on contexts of one abstract syntax, that takes so many bytes. */
function find(name: string, abstractSyntax: string, told: string[], maxDataSetBytes = 0): Service {
  return {
    commandField: FIND,
    maxDataSetBytes,
    serves: (uid) => uid === abstractSyntax,
    elsewhere: { status: 0x0122 },
    begin: ({ command }: Request) => {
      told.push(`${name} ${command.messageId}`);
      return {
        append(bytes) {
          told.push(bytes.toString());
          return bytes.toString() === 'bad' ? { status: 0xa900 } : undefined;
        },
        complete: () => Promise.resolve({ status: 0 }),
        discard: () => void told.push('discarded'),
      };
    },
  };
}

const findRQ = (messageId = 1, field = FIND): Buffer =>
  commandSet({ 0x0002: WORKLIST, 0x0100: field, 0x0110: messageId, 0x0800: 0 });
const text = (value: string): Buffer => Buffer.from(value);

describe('requests are performed by the service that is registered for them', () => {
  const both = (told: string[]): Service[] => [
    find('worklist', WORKLIST, told),
    find('study', STUDY, told),
    echoService,
  ];

  it('of several with one Command Field, by that of the abstract syntax', async () => {
    const performing = new Performing(both);
    for (const [id, abstractSyntax] of [STUDY, WORKLIST].entries()) {
      performing.take(true, findRQ(id), { abstractSyntax });
      performing.take(false, text('key'), { abstractSyntax });
    }
    assert.deepEqual(performing.told, ['study 0', 'key', 'worklist 1', 'key']);
    assert.deepEqual(await performing.statuses(), ['C-FIND 0', 'C-FIND 0']);
  });

  it('on another context it is refused as the service says, an unknown one with 0211 and what there is', async () => {
    const performing = new Performing(both);
    performing.take(true, findRQ(), { abstractSyntax: VERIFICATION });
    performing.take(false, text('key'));
    performing.take(true, echoRQ());
    performing.take(true, findRQ(1, 0x0130));
    performing.take(false, text('key'));
    assert.deepEqual(await performing.statuses(), ['C-FIND 122', 'C-ECHO 122', 'N-ACTION 211']);
    assert.equal(performing.outcomes[2]?.status.comment, 'only C-FIND and C-ECHO are supported');
    assert.deepEqual(performing.told, []);
  });

  it('is told no more of a data set that it has refused, or that is too long; the answer comes at its end', async () => {
    const performing = new Performing((told) => [find('worklist', WORKLIST, told, 7)]);
    for (const pieces of [
      ['ab', 'bad', 'more'],
      ['abcd', 'efgh', 'more'],
    ]) {
      performing.take(true, findRQ());
      for (const piece of pieces) performing.take(false, text(piece), { isLast: false });
      assert.equal(performing.outcomes.length, 0);
      performing.take(false, text(''));
      await performing.held;
      assert.equal(performing.outcomes.splice(0)[0]?.bytes, pieces.join('').length);
    }
    assert.deepEqual(performing.told, [
      'worklist 1',
      'ab',
      'bad',
      'discarded',
      'worklist 1',
      'abcd',
      'discarded',
    ]);
  });

  it('is discarded once where the association ends in the middle of it, and left alone at its end', async () => {
    const performing = new Performing((told) => [find('worklist', WORKLIST, told)]);
    performing.take(true, findRQ());
    performing.take(false, text('a'), { isLast: false });
    assert.equal(performing.performer.isReceiving, true);
    performing.performer.drop();
    performing.performer.drop();
    performing.take(true, findRQ(2));
    performing.take(false, text('b'));
    performing.performer.drop();
    assert.deepEqual(performing.told, ['worklist 1', 'a', 'discarded', 'worklist 2', 'b']);
    assert.deepEqual(await performing.statuses(), ['C-FIND 0']);
  });

  it('cancels nothing, and awaits no response', async () => {
    const performing = new Performing(both);
    performing.take(true, findRQ(1, 0x0fff));
    performing.take(false, text('x'));
    assert.throws(() => performing.take(true, findRQ(1, 0x8020)), ProtocolError);
    assert.deepEqual(await performing.statuses(), []);
  });
});
