import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { receiverFlow } from '../support/node-red/flows';
import { freePort } from '../support/machine/free-port';
import { queuedObjects } from '../support/queues/queue-folder';
import { MessageSink } from '../support/node-red/message-sink';
import { needs } from '../support/machine/needs';
import { corpus, corpusFiles, readManifest } from '../support/objects/corpus';
import { type NodeRed } from '../support/node-red/node-red';
import { PACKAGE_DIR } from '../support/package/package-dir';
import { dataSetOf } from '../support/objects/part10';
import { CT, EXPLICIT, associateRQ, dataTF, pdv, storeRQ } from '../support/connections/pdus';
import { RawPeer, associate } from '../support/connections/raw-peer';
import { sendRaw } from '../support/peers/send-raw';
import { run } from '../support/machine/run';
import { until } from '../support/machine/until';
import { nodeRedForSuite } from '../support/node-red/with-node-red';

const SAMPLE = join(PACKAGE_DIR, 'test', 'fixtures', 'sample-ct.dcm');
const SAMPLE_UID = '2.25.101203456789012345678901234567893';

describe('a real sender and a real Node-RED', { skip: needs('dcmtk') }, () => {
  let nodeRed: NodeRed;
  let sink: MessageSink;
  let port: number;

  const deploy = async (settings: Record<string, unknown> = {}): Promise<void> => {
    const from = nodeRed.lines.length;
    const connected = sink.nextConnection();
    await nodeRed.deploy(receiverFlow(port, sink, settings));
    await nodeRed.waitForLine(/listening on 127\.0\.0\.1 port/, { from });
    await connected();
  };
  const storescu = (...args: string[]) => run('storescu', ['-v', ...args, '127.0.0.1', String(port)]);

  before(async () => {
    [sink, port] = await Promise.all([MessageSink.open(), freePort()]);
  });
  nodeRedForSuite({ flows: [] }, async (started) => {
    nodeRed = started;
    await deploy();
  });
  beforeEach(() => sink.clear());
  after(async () => {
    await sink.close();
  });

  it('answers C-ECHO', async () => {
    const { code, output } = await run('echoscu', ['-v', '127.0.0.1', String(port)]);
    assert.equal(code, 0, output);
  });

  it('turns an object into one message with its facts', async () => {
    const sent = await run('storescu', [
      '-v',
      '-aet',
      'CT01',
      '-aec',
      'ANYTHING',
      '127.0.0.1',
      String(port),
      SAMPLE,
    ]);
    assert.equal(sent.code, 0, sent.output);
    const [message] = await sink.count(1);
    assert.ok(message);
    const { CommonFields, Tags } = message.payload;
    assert.equal(CommonFields?.['PatientID'], '12345');
    assert.equal(CommonFields?.['InstitutionName'], 'Beispielklinik Köln');
    assert.deepEqual(Tags?.['PatientName'], { Alphabetic: 'Doe^Jane' });
    assert.equal(message.topic, '2.25.101203456789012345678901234567891');
    const { dicom } = message;
    assert.equal(dicom.callingAET, 'CT01');
    assert.equal(dicom.calledAET, 'ANYTHING');
    assert.equal(dicom.remoteAddress, '127.0.0.1');
    assert.equal(dicom.localPort, port);
    assert.equal(dicom.sopClassUID, CT);
    assert.equal(dicom.sopClassName, 'CT Image Storage');
    assert.equal(dicom.sopInstanceUID, SAMPLE_UID);
    assert.deepEqual([dicom.redelivered, dicom.acknowledgeId], [0, undefined]);
    assert.ok(Math.abs(Date.parse(dicom.receivedAt) - Date.now()) < 60_000);
    const { remotePort = 0, messageId = 0 } = dicom;
    assert.ok(dicom.size > 8_192 && remotePort > 0 && messageId > 0);
    assert.equal(dicom.object, undefined);
    assert.ok(dicom.associationId !== '' && dicom.queueId !== '');
  });

  it('leaves out the sections that are not wanted', async () => {
    await deploy({ includeTagsNode: false, includeReportNode: false });
    assert.equal((await storescuSample()).code, 0);
    const [message] = await sink.count(1);
    assert.deepEqual(Object.keys(message?.payload ?? {}), ['CommonFields']);
    await deploy();
  });

  const storescuSample = () => run('storescu', ['-v', '127.0.0.1', String(port), SAMPLE]);

  it('writes Tags as DICOM JSON Model on request', async () => {
    await deploy({ tagsFormat: 'dicom-json' });
    await storescuSample();
    const [message] = await sink.count(1);
    assert.deepEqual(message?.payload.Tags?.['00100010'], { vr: 'PN', Value: [{ Alphabetic: 'Doe^Jane' }] });
    await deploy();
  });

  it('survives A-ABORT after an object', async () => {
    const aborted = await storescu('--abort', ...([] as string[]));
    assert.notEqual(aborted.code, 0, 'storescu without a file fails');
    const { output } = await run('storescu', ['-v', '--abort', '127.0.0.1', String(port), SAMPLE]);
    assert.match(output, /Aborting Association/);
    assert.equal((await sink.count(1)).length, 1);
    assert.equal((await storescuSample()).code, 0);
  });

  it('accepts no context for a service that it does not offer', async () => {
    const { output } = await run('findscu', [
      '-v',
      '-S',
      '-k',
      'QueryRetrieveLevel=STUDY',
      '127.0.0.1',
      String(port),
    ]);
    assert.match(output, /No Acceptable Presentation Contexts/);
  });

  it('rejects callers and called names that it does not know, says so, and goes on', async () => {
    const from = nodeRed.lines.length;
    await deploy({
      acceptedCallingAETs: 'CT01, mr01',
      ourAET: 'ARCHIVE',
      checkCalledAET: true,
      emitEvents: true,
    });
    const echo = (aet: string, aec: string) =>
      run('echoscu', ['-v', '-aet', aet, '-aec', aec, '127.0.0.1', String(port)]);
    assert.match((await echo('TYPO01', 'ARCHIVE')).output, /Reason: Calling AE Title Not Recognized/);
    assert.match((await echo('CT01', 'WRONG')).output, /Reason: Called AE Title Not Recognized/);
    assert.equal((await echo('MR01', 'archive')).code, 0);
    await nodeRed.waitForLine(/TYPO01 at 127\.0\.0\.1 rejected \(1\/1\/3\)/, { from });
    const event = await sink.find(({ topic }) => topic === 'association-rejected', 'the event');
    assert.equal(event.output, 2);
    assert.equal((event.payload as unknown as { callingAET: string }).callingAET, 'TYPO01');
    await sink.find(({ topic }) => topic === 'association-released');
    await deploy();
  });

  it('shows messages in the debug sidebar on request, and still sends them', async () => {
    await deploy({ addIncomingMessageToCurrentTab: true });
    await storescuSample();
    await sink.count(1);
    await deploy();
  });

  it('serves others while peers hang, lie about lengths or leave in the middle', async () => {
    const peers = await Promise.all(Array.from({ length: 6 }, () => RawPeer.connect(port)));
    const [silent, liar, huge, leaver, endless, garbage] = peers;
    assert.ok(silent && liar && huge && leaver && endless && garbage);
    for (const peer of [liar, leaver, endless]) {
      peer.send(associateRQ());
      assert.equal((await peer.next())?.type, 0x02);
    }
    liar.send(Buffer.from([4, 0, 0, 0, 100, 0, 0xff, 0xff, 0xff, 0xff, 3, 3]));
    huge.send(Buffer.from([1, 0, 0xff, 0xff, 0xff, 0xff]));
    leaver.send(dataTF(pdv(3, 3, storeRQ())), dataTF(pdv(3, 0, Buffer.alloc(1_000))));
    endless.send(dataTF(pdv(3, 3, storeRQ())), dataTF(pdv(3, 0, Buffer.alloc(1_000))));
    garbage.send(Buffer.from('GET / HTTP/1.0\r\n\r\n'));
    leaver.socket.resetAndDestroy();
    assert.equal((await storescuSample()).code, 0);
    const messages = await sink.count(1);
    assert.equal(messages[0]?.dicom.sopInstanceUID, SAMPLE_UID);
    for (const peer of [liar, huge, garbage]) assert.equal((await peer.next())?.type, 0x07);
    peers.forEach((peer) => peer.destroy());
  });

  it('refuses an object whose data set ends inside an element, keeps nothing of it, and goes on', async () => {
    const bytes = dataSetOf(readFileSync(SAMPLE));
    const peer = await associate(port);
    const command = storeRQ({ 0x1000: SAMPLE_UID });
    peer.send(dataTF(pdv(3, 3, command), pdv(3, 2, bytes.subarray(0, bytes.length - 100))));
    const refused = await peer.response();
    assert.equal(refused.get(0x0900), 0xc000);
    peer.send(dataTF(pdv(3, 3, command), pdv(3, 2, bytes)));
    assert.equal((await peer.response()).get(0x0900), 0);
    assert.equal((await sink.count(1)).length, 1);
    peer.destroy();
  });

  it('refuses an object of another class than its command says with A900', async () => {
    const mr = '1.2.840.10008.5.1.4.1.1.4';
    const contexts = [{ id: 3, abstractSyntax: mr, transferSyntaxes: [EXPLICIT] }];
    const peer = await associate(port, { contexts });
    const command = storeRQ({ 0x0002: mr, 0x1000: SAMPLE_UID });
    peer.send(dataTF(pdv(3, 3, command), pdv(3, 2, dataSetOf(readFileSync(SAMPLE)))));
    assert.equal((await peer.response()).get(0x0900), 0xa900);
    peer.destroy();
  });

  it('leaves nothing in its queue', async () => {
    await storescuSample();
    await sink.count(1);
    const folder = join(nodeRed.userDir, 'dicom', 'test-dicom-in');
    await until(() => queuedObjects(folder).length === 0, 'an empty queue');
  });

  describe('the corpus', () => {
    const good = () => readManifest().filter(({ path = '' }) => /^(good|generated)\//.test(path));
    const paths = (...folders: string[]) => folders.flatMap(corpusFiles).map(({ path }) => path);

    it('arrives from a sender that leaves the bytes alone: one message each, the bytes as sent', async () => {
      await deploy({ output: 'buffer', queue: 'disk' });
      const sent = await sendRaw(port, paths('good', 'generated'));
      const expected = good().filter(({ send_raw }) => send_raw === 'yes');
      assert.deepEqual(
        sent.filter(({ status }) => status !== '0x0000'),
        [],
      );
      assert.equal(sent.length, expected.length);
      const messages = await sink.count(sent.length, 120_000);
      assert.equal(messages.length, sent.length);
      messages.forEach((message, index) => {
        const { path, sopClassUID, sopInstanceUID, transferSyntaxUID, size } = sent[index] ?? assert.fail();
        const { dicom } = message;
        assert.deepEqual(
          [dicom.sopClassUID, dicom.transferSyntaxUID, dicom.size],
          [sopClassUID, transferSyntaxUID, size],
          path,
        );
        const row = expected.find((candidate) => path.endsWith(candidate['path'] ?? '-'));
        assert.equal(dicom.sopInstanceUID, row?.['sop_instance_uid'], path);
        assert.equal(
          dicom.warnings?.some(({ code }) => code === 'not-as-announced') ?? false,
          dicom.sopInstanceUID !== sopInstanceUID,
          path,
        );
        const object = Buffer.from(dicom.object ?? '', 'base64');
        assert.ok(dataSetOf(object).equals(dataSetOf(readFileSync(path))), `${path}: bytes as sent`);
        assert.equal(message.payload.CommonFields?.['SOPInstanceUID'], dicom.sopInstanceUID, path);
      });
      await deploy();
    });

    it('is kept as Part 10 files that DCMTK reads', async () => {
      await deploy({ output: 'buffer' });
      const folder = mkdtempSync(join(tmpdir(), 'dicom-part10-'));
      const sent = await sendRaw(port, paths('good/ct', 'good/sr-comprehensive'));
      const messages = await sink.count(sent.length);
      messages.forEach(({ dicom }, index) => {
        writeFileSync(join(folder, `${index}.dcm`), Buffer.from(dicom.object ?? '', 'base64'));
      });
      const dumped = await run('dcmdump', ['-q', '+P', '0002,0016', '+P', '0002,0010', '+sd', folder]);
      rmSync(folder, { recursive: true });
      assert.equal(dumped.code, 0, dumped.output);
      assert.equal(dumped.output.match(/SENDRAW/g)?.length, sent.length);
      await deploy();
    });

    it('arrives from dcmsend', async () => {
      const rows = good().filter(({ dcmsend }) => dcmsend !== 'no');
      const files = rows.map(({ file }) => file);
      const { code, output } = await run('dcmsend', [
        '-v',
        '--no-halt',
        '--no-uid-checks',
        '-dn',
        '127.0.0.1',
        String(port),
        ...files,
      ]);
      assert.equal(code, 0, output.slice(-2_000));
      const messages = await sink.count(rows.length, 120_000);
      const uids = (list: (string | undefined)[]): string[] => list.map((uid) => uid ?? '').sort();
      assert.deepEqual(
        uids(messages.map(({ dicom }) => dicom.sopInstanceUID)),
        uids(rows.map(({ sop_instance_uid }) => sop_instance_uid)),
      );
    });

    it('arrives from storescu in its own transfer syntaxes', async () => {
      const rows = good().filter(({ storescu_xf }) => storescu_xf === 'own TS');
      for (const syntax of new Set(rows.map(({ transfer_syntax_uid }) => transfer_syntax_uid))) {
        const some = rows.filter(({ transfer_syntax_uid }) => transfer_syntax_uid === syntax);
        const { code, output } = await run('storescu', [
          '-v',
          '--no-halt',
          '-xf',
          join(corpus, 'tools', 'storescu_all.cfg'),
          `TS_${syntax?.replaceAll('.', '_')}`,
          '127.0.0.1',
          String(port),
          ...some.map(({ file }) => file),
        ]);
        assert.equal(code, 0, `${syntax}: ${output.slice(-2_000)}`);
      }
      const messages = await sink.count(rows.length, 120_000);
      const syntaxes = (list: (string | undefined)[]): string[] => list.map((uid) => uid ?? '').sort();
      assert.deepEqual(
        syntaxes(messages.map(({ dicom }) => dicom.transferSyntaxUID)),
        syntaxes(rows.map(({ transfer_syntax_uid }) => transfer_syntax_uid)),
      );
    });

    it('does not bring the node down, where it is odd: each object arrives or is refused', async () => {
      const sent = await sendRaw(port, paths('odd'), [
        '--no-header-ts',
        '1.2.840.10008.1.2',
        '--invent',
        '--default-class',
        '1.2.840.10008.5.1.4.1.1.7',
      ]);
      assert.ok(sent.length > 20);
      const taken = sent.filter(({ status }) => status === '0x0000');
      await sink.count(taken.length);
      for (const { status, path } of sent) {
        assert.ok(
          ['0x0000', '0xc000', '0xa900', '0x0117'].includes(status.toLowerCase()),
          `${path}: ${status}`,
        );
      }
      assert.equal((await storescuSample()).code, 0);
    });
  });
});
