import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { operationName } from '../../../src/network/dimse/command-field';
import { decodeCommandSet, encodeResponse } from '../../../src/network/dimse/command-set';
import { hexStatus, isFailure, isLoss } from '../../../src/network/dimse/status';
import { ProtocolError } from '../../../src/network/upper-layer/pdu';
import { CT, commandSet, echoRQ, pdv, readResponse, storeRQ } from '../../support/connections/pdus';

const violates = (bytes: Buffer, words: RegExp): void =>
  assert.throws(
    () => decodeCommandSet(bytes),
    (error: unknown) => error instanceof ProtocolError && error.reason === 6 && words.test(error.message),
  );

describe('a command set', () => {
  it('is read: what it has, without padding, and undefined for the rest', () => {
    assert.deepEqual(decodeCommandSet(storeRQ()), {
      commandField: 1,
      messageId: 7,
      affectedSopClassUID: CT,
      affectedSopInstanceUID: '1.2.3.4.5',
      requestedSopClassUID: undefined,
      requestedSopInstanceUID: undefined,
      moveOriginatorAET: undefined,
      moveOriginatorMessageId: undefined,
      hasDataSet: true,
      respondsTo: undefined,
      status: undefined,
      errorComment: undefined,
      offendingElements: [],
    });
    assert.equal(decodeCommandSet(echoRQ(3)).hasDataSet, false);
    assert.equal(decodeCommandSet(commandSet({ 0x0100: 0x30 })).messageId, undefined);
  });

  it('says which C-MOVE has caused a C-STORE', () => {
    const bytes = commandSet({ 0x0002: CT, 0x0100: 1, 0x1030: 'MOVER ', 0x1031: 12 });
    const { moveOriginatorAET, moveOriginatorMessageId } = decodeCommandSet(bytes);
    assert.deepEqual([moveOriginatorAET, moveOriginatorMessageId], ['MOVER', 12]);
  });

  it('is read by its elements, whatever its group length says', () => {
    const command = storeRQ();
    command.writeUInt32LE(3, 8);
    assert.equal(decodeCommandSet(command).affectedSopClassUID, CT);
  });

  it('that is none is a violation of the protocol', () => {
    violates(Buffer.alloc(0), /no Command Field/);
    violates(commandSet({ 0x0002: CT }), /no Command Field/);
    violates(storeRQ().subarray(0, -1), /longer than itself/);
    violates(Buffer.concat([storeRQ(), Buffer.alloc(7)]), /ends inside an element/);
    const status = (value: number): Buffer => Buffer.from([0, 0, 0, 9, 2, 0, 0, 0, 0, value]);
    violates(Buffer.concat([storeRQ(), status(0xc0), status(0)]), /an element twice/);
    assert.equal(decodeCommandSet(Buffer.concat([storeRQ(), status(0xc0), status(0xc0)])).status, 0xc000);
    violates(Buffer.concat([storeRQ(), Buffer.from([8, 0, 0, 0, 0, 0, 0, 0])]), /outside group 0000/);
  });

  it('of a response may have elements of another group behind its own, and not in it', () => {
    const outside = Buffer.from([8, 0, 0x58, 0, 0, 0, 0, 0]);
    const response = commandSet({ 0x0002: CT, 0x0100: 0x8010, 0x0120: 1, 0x0800: 0x0101, 0x0900: 0xb000 });
    const { behind, status } = decodeCommandSet(Buffer.concat([response, outside]));
    assert.deepEqual([behind, status], [outside, 0xb000]);
    violates(Buffer.concat([response, outside.subarray(1)]), /ends inside an element/);
    const within = Buffer.concat([response, outside]);
    within.writeUInt32LE(within.readUInt32LE(8) + 8, 8);
    violates(within, /outside group 0000/);
  });

  it('of a response repeats the UIDs of its request, and has a comment of 64 printable characters', () => {
    const comment = `back\\slash\n${'x'.repeat(80)}`;
    const response = encodeResponse(decodeCommandSet(storeRQ()), { status: 0xa700, comment });
    const { values } = readResponse(pdv(1, 3, response));
    assert.deepEqual(
      [0x0002, 0x0100, 0x0120, 0x0800, 0x0900, 0x1000].map((tag) => values.get(tag)),
      [CT, 0x8001, 7, 0x0101, 0xa700, '1.2.3.4.5'],
    );
    assert.equal(values.get(0x0902), `back?slash?${'x'.repeat(53)}`);
    assert.equal(response.length % 2, 0);
  });
});

describe('words and statuses of DIMSE', () => {
  it('operations have their names, unknown ones their number', () => {
    assert.deepEqual([0x0001, 0x0030, 0x0021, 0x0abc].map(operationName), [
      'C-STORE',
      'C-ECHO',
      'C-MOVE',
      '0ABCH',
    ]);
  });

  it('success and the warnings B000 to BFFF keep an object; all else is a failure', () => {
    assert.deepEqual([0, 0xb000, 0xbfff].map(isFailure), [false, false, false]);
    assert.deepEqual([0x0110, 0xa700, 0xafff, 0xc000, 0x0001].map(isFailure), Array(5).fill(true));
    assert.equal(hexStatus(0x110), '0110');
    const lost = (status: number, isKept?: true): boolean => isLoss({ status, ...(isKept && { isKept }) });
    assert.deepEqual([lost(0x0111), lost(0x0111, true), lost(0xb000)], [true, false, false]);
  });
});
