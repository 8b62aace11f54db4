import { describe, it } from 'node:test';
import { readAssociateRequest } from '../../src/network/associate-request';
import { decodeCommandSet } from '../../src/network/command-set';
import { ProtocolError } from '../../src/network/pdu';
import { printable } from '../../src/network/printable';
import { relativePath } from '../../src/receiver/file-name';
import { associateRQ, commandSet, item } from '../support/pdus';
import { assertLinear } from '../support/linear-time';

/** Texts that make expressions go back and forth: long runs of what may be padding, and then something that is none. */
const NASTY: readonly (readonly [name: string, text: (size: number) => string])[] = [
  ['spaces within', (size) => `a${' '.repeat(size)}b`],
  ['NULs within', (size) => `a${'\0'.repeat(size)}b`],
  ['padding by turns', (size) => `a${' \0'.repeat(size / 2)}b`],
  ['dots and spaces', (size) => `a${'. '.repeat(size / 2)}b`],
  ['components', (size) => `${'1.'.repeat(size / 2)}x`],
  ['letters', (size) => 'a'.repeat(size)],
  ['control characters', (size) => '\x01'.repeat(size)],
];

/** What is refused has been read, too. */
function evenIfRefused(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
  }
}

describe('text of a peer takes linear time', () => {
  for (const [name, text] of NASTY) {
    /** Items have 64 KB at most. */
    const itemText = (size: number): Buffer => item(0x40, text(Math.min(size, 65_000)));

    it(`in an A-ASSOCIATE-RQ: ${name}`, () => {
      // As many items of 64 KB as the size asks for.
      const many = (size: number, type: number): Buffer[] =>
        Array.from({ length: Math.ceil(size / 65_000) }, () => item(type, text(65_000)));
      for (const type of [0x10, 0x52, 0x55, 0x30])
        assertLinear(`item ${type.toString(16)}`, 130_000, (size) =>
          evenIfRefused(() => readAssociateRequest(associateRQ({ userItems: [], items: many(size, type) }))),
        );
      assertLinear('transfer syntax', 16_000, (size) =>
        evenIfRefused(() =>
          readAssociateRequest(
            associateRQ({
              items: [
                item(0x20, Buffer.concat([Buffer.from([5, 0, 0, 0]), itemText(size).subarray(0, 65_000)])),
              ],
            }),
          ),
        ),
      );
    });

    it(`in a command set: ${name}`, () => {
      for (const tag of [0x0002, 0x0003, 0x1000, 0x1001])
        assertLinear(`element ${tag.toString(16)}`, 500_000, (size) =>
          decodeCommandSet(commandSet({ 0x0100: 1, [tag]: text(size) })),
        );
    });

    it(`in a log line, and in a file name: ${name}`, () => {
      assertLinear('log', 200_000, (size) => printable(text(size)));
      assertLinear('file name', 100_000, (size) =>
        relativePath('{PatientName}/{A}.dcm', { PatientName: text(size), A: text(size) }),
      );
    });
  }
});
