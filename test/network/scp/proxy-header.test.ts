import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  MAX_PROXY_HEADER,
  type ProxyHeader,
  ProxyHeaderReader,
  readProxyHeader,
} from '../../../src/network/scp/proxy-header';
import { assertLinear } from '../../support/machine/linear';
import { mutate, Random } from '../../support/objects/mutations';
import { proxyV1, proxyV2, proxyV2Raw, PROXY_LOCAL } from '../../support/connections/proxy-headers';

const text = (line: string): Buffer => Buffer.from(line, 'latin1');
const REST = text('what follows');
const v6 = Buffer.concat([
  Buffer.from('20010db8000000000000000000000001', 'hex'),
  Buffer.from('00000000000000000000000000000001', 'hex'),
  Buffer.from([0x9c, 0x40, 0, 104]),
]);
const mapped = Buffer.concat([
  Buffer.from('00000000000000000000ffff0a010203', 'hex'),
  Buffer.from('00000000000000000000ffff0a010204', 'hex'),
  Buffer.from([0x9c, 0x40, 0, 104]),
]);
const NOOP_TLV = Buffer.from([0x04, 0, 3, 1, 2, 3]);

const from = (remoteAddress: string, remotePort = 40_000): object => ({
  kind: 'proxied',
  source: { remoteAddress, remotePort },
});
const GOOD: Readonly<Record<string, [header: Buffer, found: object]>> = {
  'version 1, IPv4': [proxyV1('10.1.2.3'), from('10.1.2.3')],
  'version 1, IPv6': [proxyV1('2001:0DB8:0:0:0:0:0:1'), from('2001:db8::1')],
  'version 1, IPv4 in IPv6': [proxyV1('::ffff:10.1.2.3'), from('10.1.2.3')],
  'version 1, the longest': [
    text(`PROXY TCP6 ${'ffff:'.repeat(7)}ffff ${'ffff:'.repeat(7)}ffff 65535 65535\r\n`),
    from(`${'ffff:'.repeat(7)}ffff`, 65_535),
  ],
  'version 1, ports 0': [text('PROXY TCP4 1.2.3.4 5.6.7.8 0 0\r\n'), from('1.2.3.4', 0)],
  'version 2, IPv4': [proxyV2('10.1.2.3'), from('10.1.2.3')],
  'version 2, IPv6': [proxyV2Raw(0x21, 0x21, v6), from('2001:db8::1')],
  'version 2, IPv4 in IPv6': [proxyV2Raw(0x21, 0x21, mapped), from('10.1.2.3')],
  'version 2 with more': [proxyV2('10.1.2.3', 40_000, NOOP_TLV), from('10.1.2.3')],
  'version 2, the longest': [
    proxyV2('10.1.2.3', 40_000, Buffer.alloc(MAX_PROXY_HEADER - 28)),
    from('10.1.2.3'),
  ],
  LOCAL: [PROXY_LOCAL, { kind: 'local' }],
  'LOCAL with addresses': [proxyV2Raw(0x20, 0x11, Buffer.alloc(12)), { kind: 'local' }],
  'LOCAL of a family that does not exist': [proxyV2Raw(0x20, 0xff, Buffer.alloc(7)), { kind: 'local' }],
};

const BAD: Readonly<Record<string, Buffer>> = {
  DICOM: Buffer.from([0x01, 0, 0, 0, 0, 0x80]),
  TLS: Buffer.from([0x16, 3, 1]),
  HTTP: text('POST / HTTP/1.1\r\n'),
  'another signature': text('\r\n\r\n\0\r\nQUIX\n'),
  UNKNOWN: text('PROXY UNKNOWN\r\n'),
  'UNKNOWN with addresses': text('PROXY UNKNOWN 1.2.3.4 5.6.7.8 1 2\r\n'),
  'no line end': text(`PROXY TCP4 ${'1'.repeat(200)}`),
  'a line end too late': text(`PROXY UNKNOWN ${'f'.repeat(92)}\r\n`),
  'LF alone': text(`PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n${' '.repeat(100)}`),
  'two spaces': text('PROXY TCP4  1.2.3.4 5.6.7.8 1 2\r\n'),
  'a field more': text('PROXY TCP4 1.2.3.4 5.6.7.8 1 2 3\r\n'),
  'a field less': text('PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n'),
  'lower case': text('PROXY tcp4 1.2.3.4 5.6.7.8 1 2\r\n'),
  UDP: text('PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\n'),
  'an octet of 256': text('PROXY TCP4 1.2.3.256 5.6.7.8 1 2\r\n'),
  'a leading zero': text('PROXY TCP4 01.2.3.4 5.6.7.8 1 2\r\n'),
  'the other family': text('PROXY TCP4 ::1 ::1 1 2\r\n'),
  'an IPv4 address as TCP6': text('PROXY TCP6 1.2.3.4 1.2.3.4 1 2\r\n'),
  'a zone': text('PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n'),
  'port 65536': text('PROXY TCP4 1.2.3.4 5.6.7.8 65536 2\r\n'),
  'a port with a leading zero': text('PROXY TCP4 1.2.3.4 5.6.7.8 01 2\r\n'),
  'a negative port': text('PROXY TCP4 1.2.3.4 5.6.7.8 -1 2\r\n'),
  'no port': text('PROXY TCP4 1.2.3.4 5.6.7.8  2\r\n'),
  'PROXY of an unspecified family': proxyV2Raw(0x21, 0x00, Buffer.alloc(0)),
  'PROXY of a family with an unspecified protocol': proxyV2Raw(0x21, 0x10, Buffer.alloc(12)),
  'PROXY over UDP': proxyV2Raw(0x21, 0x12, Buffer.alloc(12)),
  'PROXY of a Unix socket': proxyV2Raw(0x21, 0x31, Buffer.alloc(216)),
  'PROXY too short for IPv4': proxyV2Raw(0x21, 0x11, Buffer.alloc(11)),
  'PROXY too short for IPv6': proxyV2Raw(0x21, 0x21, Buffer.alloc(35)),
  'version 1 in the binary form': proxyV2Raw(0x11, 0x11, Buffer.alloc(12)),
  'version 3': proxyV2Raw(0x31, 0x11, Buffer.alloc(12)),
  'an unknown command': proxyV2Raw(0x22, 0x11, Buffer.alloc(12)),
  'a byte too long': proxyV2Raw(0x21, 0x11, Buffer.alloc(0), MAX_PROXY_HEADER - 15),
  'LOCAL, 64 KiB': proxyV2Raw(0x20, 0x00, Buffer.alloc(0), 0xffff),
};

/** The reader's result for pieces of one stream. */
function readPieces(pieces: readonly Buffer[]): { header: ProxyHeader; rest: Buffer } | undefined {
  const reader = new ProxyHeaderReader();
  for (const piece of pieces) {
    // As the memory of a connection, which the next read overwrites.
    const lent = Buffer.from(piece);
    const found = reader.push(lent);
    if (found !== undefined) return { ...found, rest: Buffer.from(found.rest) };
    lent.fill(0xee);
  }
  return undefined;
}

describe('a PROXY protocol header', () => {
  for (const [what, [header, expected]] of Object.entries(GOOD)) {
    it(`is read, however it is split: ${what}`, () => {
      assert.deepEqual(readProxyHeader(header), { ...expected, length: header.length });
      const stream = Buffer.concat([header, REST]);
      for (let at = 0; at <= stream.length; at += 1) {
        const found = readPieces([stream.subarray(0, at), stream.subarray(at)]);
        assert.deepEqual(found?.header, { ...expected, length: header.length }, `split at ${at}`);
        const rest = at < header.length ? REST : stream.subarray(header.length, at);
        assert.deepEqual(found?.rest, rest, `what follows, split at ${at}`);
      }
      const bytes = [...header].map((byte) => Buffer.from([byte]));
      assert.deepEqual(readPieces(bytes), {
        header: { ...expected, length: header.length },
        rest: Buffer.alloc(0),
      });
      assert.equal(readPieces(bytes.slice(0, -1)), undefined, 'a byte less is no header yet');
    });
  }

  for (const [what, bytes] of Object.entries(BAD)) {
    it(`is refused, however it is split: ${what}`, () => {
      assert.equal(readProxyHeader(bytes).kind, 'invalid');
      for (let at = 0; at < bytes.length; at += 1) {
        assert.equal(readPieces([bytes.subarray(0, at), bytes.subarray(at)])?.header.kind, 'invalid');
      }
      assert.equal(readPieces([...bytes].map((byte) => Buffer.from([byte])))?.header.kind, 'invalid');
    });
  }

  it('is refused at the first byte that none has', () => {
    for (let byte = 0; byte < 256; byte += 1) {
      const isPossible = byte === 0x50 || byte === 0x0d;
      assert.equal(readProxyHeader(Buffer.from([byte])).kind, isPossible ? 'incomplete' : 'invalid');
    }
  });

  it('is the same for damaged bytes, whole and in pieces, and never throws', () => {
    const random = new Random(20_261_126);
    const seeds = [...Object.values(GOOD).map(([header]) => header), ...Object.values(BAD)];
    const kinds = new Map<string, number>();
    for (let round = 0; round < 20_000; round += 1) {
      const bytes = mutate(random.pick(seeds), random, seeds).subarray(0, 5_000);
      const whole = readPieces([bytes]);
      const at = random.below(bytes.length + 1);
      const split = readPieces([bytes.subarray(0, at), bytes.subarray(at)]);
      // A first piece that is enough has its own rest.
      assert.deepEqual(split?.header, whole?.header, bytes.toString('hex'));
      const kind = whole?.header.kind ?? 'incomplete';
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
      if (whole?.header.kind === 'proxied' || whole?.header.kind === 'local') {
        assert.ok(whole.header.length <= Math.min(bytes.length, MAX_PROXY_HEADER));
      }
    }
    assert.equal(kinds.size, 4, [...kinds].join());
  });

  it('takes time that grows with its length, byte by byte too', () => {
    const body = Buffer.alloc(MAX_PROXY_HEADER - 16);
    assertLinear(
      body.length,
      (size) => {
        const stream = proxyV2Raw(0x21, 0x11, body.subarray(0, size));
        return () => {
          for (let round = 0; round < 100; round += 1) {
            const reader = new ProxyHeaderReader();
            for (let at = 0; at < stream.length; at += 1) reader.push(stream.subarray(at, at + 1));
          }
        };
      },
      'a header byte by byte',
    );
    const endless = Buffer.alloc(1_000_000, '1');
    endless.write('PROXY TCP4 ', 'latin1');
    assertLinear(endless.length, (size) => () => readProxyHeader(endless.subarray(0, size)), 'no line end');
  });
});
