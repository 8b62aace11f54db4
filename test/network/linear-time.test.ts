import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodeFileMeta } from '../../src/dicom';
import { bufferSource } from '../../src/dicom/read/byte-source';
import { printable } from '../../src/basics';
import { IMPLEMENTATION_CLASS_UID } from '../../src/dicom/standard/implementation';
import { readAssociateRequest } from '../../src/network/upper-layer/associate-request';
import {
  acceptsStorageOf,
  decideAssociation,
  type AssociationPolicy,
} from '../../src/network/scp/association-policy';
import { decodeCommandSet, encodeResponse } from '../../src/network/dimse/command-set';
import { readCommitmentReport } from '../../src/network/dimse/commitment';
import { MessageReader } from '../../src/network/dimse/message-reader';
import { PduReader } from '../../src/network/upper-layer/pdu-reader';
import { refuseStore } from '../../src/network/dimse/store-checks';
import { relativePath } from '../../src/message/output/file-name';
import { readHead } from '../../src/object/object-head';
import { element } from '../support/peers/commitment';
import {
  CT,
  EXPLICIT,
  IMPLICIT,
  associateRQ,
  commandSet,
  dataTF,
  item,
  pdv,
  storeRQ,
} from '../support/connections/pdus';
import { assertLinear } from '../support/machine/linear';

/** Texts on which an expression that backtracks takes quadratic time, of so many characters. */
const SHAPES: Readonly<Record<string, (length: number) => string>> = {
  'spaces in the middle': (length) => `a${' '.repeat(length)}b`,
  'NULs in the middle': (length) => `a${'\0'.repeat(length)}b`,
  'nothing but spaces': (length) => ' '.repeat(length),
  'spaces and NULs by turns': (length) => `1${' \0'.repeat(length / 2)}1`,
  digits: (length) => `${'1'.repeat(length)}x`,
  'dots and digits': (length) => `${'1.'.repeat(length / 2)}x`,
  dots: (length) => `1${'.'.repeat(length)}x`,
  'control characters': (length) => '\x01'.repeat(length),
  hyphens: (length) => `1${'-1'.repeat(length / 2)}_`,
};

const policy: AssociationPolicy = {
  ourAET: 'A',
  checkCalledAET: true,
  callingAETs: new Set(['B']),
  maxAssociations: 1,
  acceptUnknownSopClasses: true,
  isStorageSopClass: () => false,
  transferSyntaxes: [EXPLICIT],
};

const roleOf = (uid: string): Buffer => {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(uid.length);
  return item(0x54, Buffer.concat([length, Buffer.from(uid, 'latin1'), Buffer.from([1, 1])]));
};

/** An A-ASSOCIATE-RQ with a text of n bytes where a peer may put one, and what is done with it. */
const negotiated = (request: Buffer) => (): void => {
  const read = readAssociateRequest(request);
  decideAssociation(read, { ...policy, checkCalledAET: false, callingAETs: 'any' }, 0);
  decideAssociation(read, policy, 0);
};

const command = (overrides: Record<number, string>) => {
  const bytes = commandSet({ 0x0002: CT, 0x0100: 1, 0x0110: 7, 0x0800: 0, 0x1000: '1.2', ...overrides });
  return (): void => {
    const decoded = decodeCommandSet(bytes);
    refuseStore(decoded, (uid) => acceptsStorageOf(uid, policy));
    encodeResponse(decoded, { status: 0, comment: overrides[0x1000] ?? '' });
  };
};

/** A request with one item of this kind. */
const withItem = (bytes: Buffer) => negotiated(associateRQ({ contexts: [], items: [bytes] }));
const withUserItem = (bytes: Buffer) => withItem(item(0x50, bytes));
const withContext = (...items: Buffer[]) =>
  withItem(item(0x20, Buffer.concat([Buffer.from([1, 0, 0, 0]), ...items])));

/** Prepares what a peer sends with this text; what is returned is timed. */
const TEXT_PATHS: Readonly<Record<string, (text: string) => () => unknown>> = {
  'application context': (text) => withItem(item(0x10, text)),
  'abstract syntax': (text) => withContext(item(0x30, text)),
  'transfer syntax': (text) => withContext(item(0x30, CT), item(0x40, text)),
  'implementation class UID': (text) => withUserItem(item(0x52, text)),
  'implementation version name': (text) => withUserItem(item(0x55, text)),
  'role selection': (text) => withUserItem(roleOf(text)),
  'user identity': (text) => withUserItem(item(0x58, text)),
  'extended negotiation': (text) => withUserItem(item(0x56, text)),
  'Affected SOP Class UID': (text) => command({ 0x0002: text }),
  'Affected SOP Instance UID': (text) => command({ 0x1000: text }),
  'Requested SOP Instance UID': (text) => command({ 0x1001: text }),
  'a SOP class': (text) => () => acceptsStorageOf(text, policy),
  'text for a log': (text) => () => printable(text),
  'a file name': (text) => () => relativePath('{A}/x{A}.dcm', { A: text }),
  'the private information of a queued object': (text) => {
    const file = encodeFileMeta({
      sopClassUID: CT,
      sopInstanceUID: '1.2',
      transferSyntaxUID: EXPLICIT,
      implementationClassUID: '1.2',
      implementationVersionName: 'X',
      privateInformation: {
        creatorUID: IMPLEMENTATION_CLASS_UID,
        bytes: Buffer.from(JSON.stringify({ text })),
      },
    });
    return () => readHead(bufferSource(file));
  },
};

/** Lists of n things. */
const LISTS: Readonly<Record<string, (n: number) => () => unknown>> = {
  'empty items': (n) => negotiated(associateRQ({ items: [Buffer.alloc(n, Buffer.from([0x99, 0, 0, 0]))] })),
  'empty user items': (n) => {
    const items = item(0x50, Buffer.alloc(n / 8, Buffer.from([0x99, 0, 0, 0])));
    return negotiated(associateRQ({ items: Array<Buffer>(8).fill(items) }));
  },
  'empty transfer syntaxes': (n) =>
    negotiated(
      associateRQ({
        contexts: [],
        items: Array.from({ length: Math.min(128, n / 4_096) }, (_, index) =>
          item(
            0x20,
            Buffer.concat([
              Buffer.from([2 * index + 1, 0, 0, 0]),
              item(0x30, CT),
              Buffer.alloc(4 * 256, Buffer.from([0x40, 0, 0, 0])),
            ]),
          ),
        ),
      }),
    ),
  'empty elements of a command set': (n) => {
    const bytes = Buffer.concat([
      storeRQ(),
      Buffer.alloc(n - (n % 8), Buffer.from([0, 0, 0, 0x55, 0, 0, 0, 0])),
    ]);
    return () => decodeCommandSet(bytes);
  },
  'items of a report on storage commitment': (n) => {
    const report = element(0x1199, Buffer.alloc(n / 2, element(0xe000, '', 0xfffe)));
    return () => assert.throws(() => readCommitmentReport(report, IMPLICIT));
  },
  'fragments of one byte': (n) => {
    const fragments = Buffer.concat(
      Array.from({ length: n / 16 }, () => dataTF(pdv(3, 0b01, Buffer.from([0])))),
    );
    return () => read(fragments, fragments.length);
  },
  'a stream byte by byte': (n) => {
    const bytes = dataTF(pdv(3, 0b01, Buffer.alloc(n / 16)));
    return () => read(bytes, 1);
  },
};

/** Reads a stream of command fragments in pieces of this length. */
function read(bytes: Buffer, pieceLength: number): void {
  const messages = new MessageReader();
  const reader = new PduReader(bytes.length);
  for (let at = 0; at < bytes.length; at += pieceLength) {
    reader.push(bytes.subarray(at, at + pieceLength));
    for (let part = reader.next(); part !== undefined; part = reader.next())
      if (part.kind === 'fragment') messages.take(part);
    reader.keepRest();
  }
}

/** About as long as a value of the upper layer can be: quadratic time is seconds for this. */
const LONGEST_TEXT = 64_000;
/** About as long as an A-ASSOCIATE-RQ can be. */
const LONGEST_LIST = 448_000;

describe('what a peer sends takes linear time', () => {
  for (const [path, prepare] of Object.entries(TEXT_PATHS)) {
    it(path, () => {
      for (const [shape, text] of Object.entries(SHAPES))
        assertLinear(LONGEST_TEXT, (n) => prepare(text(n)), shape);
    });
  }
  for (const [list, prepare] of Object.entries(LISTS)) {
    it(`many ${list}`, () => assertLinear(LONGEST_LIST, prepare, list));
  }
});
