import assert from 'node:assert/strict';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { once } from 'node:events';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import {
  DICOM_DEIDENTIFY,
  DICOM_EDIT,
  DICOM_IMAGE,
  DICOM_IN,
  DICOM_OUT,
  DICOM_PEER,
  DICOM_QUERY,
  DICOM_RETRIEVE,
  DICOM_STUDY,
  DICOM_QUEUE,
  DICOM_WATCH,
} from '../../src/settings';
import { element, item } from '../dicom/support/encode';
import { part10 } from '../image/image-object';
import { BadLine } from '../support/connections/bad-line';
import { freePort } from '../support/machine/free-port';
import { sinkNodes } from '../support/node-red/flows';
import { madeStudy } from '../support/objects/made-study';
import { MessageSink } from '../support/node-red/message-sink';
import { MisbehavingScp } from '../support/peers/misbehaving-scp';
import { MllpListener } from '../support/peers/mllp-listener';
import { needs } from '../support/machine/needs';
import { corpus } from '../support/objects/corpus';
import { type FlowNode, type NodeRed } from '../support/node-red/node-red';
import { PACKAGE_DIR } from '../support/package/package-dir';
import { dataSetOf } from '../support/objects/part10';
import { Postgres } from '../support/queues/postgres';
import { associateRQ } from '../support/connections/pdus';
import { RawPeer, associate } from '../support/connections/raw-peer';
import { Scps } from '../support/peers/scps';
import { run } from '../support/machine/run';
import { SmtpSink } from '../support/peers/smtp-sink';
import { SAMPLE, SAMPLE_UID, StoreClient, sampleInstance } from '../support/peers/store-client';
import { until } from '../support/machine/until';
import { nodeRedForSuite } from '../support/node-red/with-node-red';

const folder = join(PACKAGE_DIR, 'examples');
const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
const read = (name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as FlowNode[];

type Facts = Record<string, unknown>;

/** The data sets of the files in a folder. */
const storedIn = (folder: string): Buffer[] =>
  readdirSync(folder).map((name) => dataSetOf(readFileSync(join(folder, name))));

/** What is set otherwise than in the example, by the type or the name of a node. */
type Changes = Record<string, Record<string, unknown>>;

/** The example with its debug nodes leading to the sink, on a free port. */
function forTest(flows: FlowNode[], port: number, sink: MessageSink, changes: Changes): FlowNode[] {
  const { z } =
    flows.find(({ type }) => ['dicom-in', 'dicom', 'dicom-query'].includes(type)) ?? assert.fail();
  return [
    ...flows.map((node) => {
      const changed = { ...changes[node.type], ...changes[String(node['name'])] };
      if (node.type === 'dicom-in')
        return { ...node, port: String(port), bindAddress: '127.0.0.1', ...changed };
      if (node.type !== 'debug') return { ...node, ...changed };
      const func = `const path = ${JSON.stringify(node['complete'])}.split('.');
        const shown = path.reduce((value, key) => value && value[key], msg);
        return { payload: { debug: ${JSON.stringify(node['name'])}, shown } };`;
      return { ...node, type: 'function', func, outputs: 1, wires: [['test-out-1']] };
    }),
    ...sinkNodes(sink).map((node) => ({ ...node, z })),
  ];
}

describe('example flows', () => {
  let nodeRed: NodeRed;
  let sink: MessageSink;
  let port: number;
  const directory = mkdtempSync(join(tmpdir(), 'dicom-examples-'));

  before(async () => {
    [sink, port] = await Promise.all([MessageSink.open(), freePort()]);
  });
  nodeRedForSuite({ flows: [] }, (started) => {
    nodeRed = started;
  });
  after(async () => {
    await sink.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const deploy = async (name: string, changes: Changes = {}): Promise<void> => {
    const from = nodeRed.lines.length;
    const connected = sink.nextConnection();
    await nodeRed.deploy(forTest(read(name), port, sink, changes));
    // A flow without a receiver is ready when its sink is.
    if (read(name).some(({ type }) => type === 'dicom-in'))
      await nodeRed.waitForLine(/\[dicom-in:[^\]]*\] listening on/, { from });
    await connected();
    sink.clear();
  };
  const send = async (): Promise<void> => {
    const client = await StoreClient.open(port);
    const { uid, dataSet } = sampleInstance(1);
    assert.equal(await client.store(uid, dataSet), 0);
    await client.release();
  };
  const shown = async (debug: string): Promise<unknown> => {
    const message = await sink.find(({ payload }) => 'debug' in payload && payload.debug === debug, debug);
    return (message.payload as { shown?: unknown }).shown;
  };

  it('can be imported together: ids are unique, settings are right and complete', () => {
    const all = names.flatMap(read);
    assert.equal(new Set(all.map(({ id }) => id)).size, all.length);
    for (const settings of [
      DICOM_DEIDENTIFY,
      DICOM_EDIT,
      DICOM_IMAGE,
      DICOM_IN,
      DICOM_OUT,
      DICOM_PEER,
      DICOM_QUERY,
      DICOM_RETRIEVE,
      DICOM_STUDY,
      DICOM_QUEUE,
      DICOM_WATCH,
    ]) {
      const defaults: Readonly<Record<string, unknown>> = settings.defaults;
      for (const node of all.filter(({ type }) => type === settings.type))
        for (const field of settings.names) {
          assert.ok(field in node, `${node.id} has ${field}`);
          assert.deepEqual(settings.check(field as never, node[field]), [], field);
          assert.equal(typeof defaults[field] === 'boolean', typeof node[field] === 'boolean', field);
        }
    }
  });

  it('can run side by side: each has a port and a name of its own', () => {
    const titles = new Set<unknown>();
    const numbers = new Set(names.map((name) => parseInt(name, 10)));
    assert.equal(numbers.size, names.length);
    for (const name of names) {
      const receivers = read(name).filter(({ type }) => type === 'dicom-in');
      for (const { port, name: title } of receivers) {
        assert.equal(port, String(11_111 + parseInt(name, 10)), name);
        assert.ok(!titles.has(title), name);
        titles.add(title);
      }
    }
    // What an example tells people to type is about its own receiver.
    for (const name of names) {
      const flows = read(name);
      const own = flows.find(({ type }) => type === 'dicom-in')?.['port'];
      for (const [named] of JSON.stringify(flows).matchAll(/\b111[12]\d\b/g)) assert.equal(named, own, name);
    }
  });

  it('are all offered by the Import dialog', async () => {
    const response = await fetch(`${nodeRed.url}/library/examples/flows/node-red-contrib-dicom`);
    const listed = JSON.stringify(await response.json());
    for (const name of names) assert.ok(listed.includes(name.replace(/\.json$/, '')), name);
  });

  it('01 Receive and show', async () => {
    await deploy('01 Receive and show.json');
    await send();
    const payload = (await shown('DicomMessage')) as { CommonFields: Record<string, unknown> };
    assert.equal(payload.CommonFields['PatientID'], '12345');
  });

  it('02 Route by modality', async () => {
    await deploy('02 Route by modality.json');
    await send();
    const fields = (await shown('CT and MR')) as Facts;
    assert.equal(fields['Modality'], 'CT');
  });

  it('03 Only known modalities', async () => {
    await deploy('03 Only known modalities.json');
    const refused = await RawPeer.connect(port);
    refused.send(associateRQ({ callingAET: 'CT02', calledAET: 'MY_ARCHIVE' }));
    assert.equal((await refused.next())?.type, 0x03);
    const event = (await shown('Refused')) as Facts;
    assert.equal(event['callingAET'], 'CT02');
    const known = await associate(port, { callingAET: 'CT01', calledAET: 'MY_ARCHIVE' });
    refused.destroy();
    known.destroy();
  });

  it('04 Answer after processing', async () => {
    await deploy('04 Answer after processing.json');
    const client = await StoreClient.open(port);
    const { uid, dataSet } = sampleInstance(1);
    assert.equal(await client.store(uid, dataSet), 0x0000);
    assert.equal(await shown('Answered with'), '0000');
    // The same object without a Patient ID, in which the example finds fault.
    const nobody = Buffer.from(dataSet);
    nobody.write('      ', nobody.indexOf('12345 '), 'latin1');
    assert.equal(await client.store(uid, nobody), 0xc000);
    await client.release();
  });

  it('05 Store and acknowledge', async () => {
    await deploy('05 Store and acknowledge.json', { 'dicom-in': { directory } });
    await send();
    const filename = String(await shown('Stored as'));
    assert.ok(filename.startsWith(directory));
    assert.ok(existsSync(filename));
  });

  it('06 Handle dead letters', async () => {
    await deploy('06 Handle dead letters.json', { 'dicom-in': { acknowledgeTimeoutSeconds: 1 } });
    await send();
    const letter = (await shown('Dead letter')) as Facts;
    assert.equal(letter['event'], 'dead-letter');
    // The function's own error comes first, with each delivery.
    await sink.find(
      ({ payload }) =>
        'shown' in payload && (payload.shown as { code?: string }).code === 'DICOM_NOT_ACKNOWLEDGED',
      'the caught error',
    );
  });

  for (const [name, sopClass] of [
    ['17 PDF report to archive', '1.2.840.10008.5.1.4.1.1.104.1'],
    ['18 Secondary capture from a picture', '1.2.840.10008.5.1.4.1.1.7'],
  ] as const)
    it(name, async () => {
      const archive = await MisbehavingScp.listen();
      try {
        await deploy(`${name}.json`, { Archive: { port: String(archive.port) } });
        const inject = read(`${name}.json`).find(({ type }) => type === 'inject');
        await fetch(`${nodeRed.url}/inject/${inject?.id}`, { method: 'POST' });
        const sent = (await shown('Sent')) as Facts;
        assert.deepEqual([sent['status'], sent['peer']], ['0000', 'Archive']);
        assert.ok(archive.objects[0]?.dataSet.includes(sopClass));
      } finally {
        await archive.stop();
      }
    });

  it('24 A page with the latest images', async () => {
    await deploy('24 A page with the latest images.json');
    await send();
    assert.equal(await shown('On the page'), 1);
    const page = await (await fetch(`${nodeRed.url}/latest-images`)).text();
    assert.match(page, /<img src="data:image\/png;base64,[A-Za-z0-9+/=]+" alt="CT Image Storage">/);
    assert.match(page, /Not for diagnosis/);
    assert.doesNotMatch(page, /12345|Doe/);
  });

  it('08 Forward to an archive', async () => {
    const archive = await MisbehavingScp.listen();
    try {
      await deploy('08 Forward to an archive.json', { Archive: { port: String(archive.port) } });
      await send();
      const sent = (await shown('Sent')) as Facts;
      assert.deepEqual([sent['status'], sent['peer']], ['0000', 'Archive']);
      assert.ok(archive.objects[0]?.dataSet.equals(sampleInstance(1).dataSet));
      archive.behaviour = { store: () => 0x0122 };
      await send();
      const error = (await shown('Not sent')) as Facts;
      assert.equal(error['code'], 'DICOM_OUT_REFUSED');
    } finally {
      await archive.stop();
    }
  });

  describe('with archives of DCMTK', { skip: needs('dcmtk') }, () => {
    const scps = new Scps();
    after(() => scps.stop());

    it('09 Route by modality to two archives', async () => {
      const [a, b] = [await scps.storescp('+B'), await scps.storescp('+B')];
      await deploy('09 Route by modality to two archives.json', {
        'Archive A': { port: String(a.port) },
        'Archive B': { port: String(b.port) },
      });
      const report = join(corpus, 'good/sr-comprehensive/pydicom__test-SR.dcm');
      const sent = await run('dcmsend', ['127.0.0.1', String(port), SAMPLE, report]);
      assert.equal(sent.code, 0, sent.output);
      for (const [name, { folder: archive }, stored] of [
        ['Archive A', a, `CT.${SAMPLE_UID}`],
        ['Archive B', b, 'SRc.1.2.276.0.7230010.3.1.4.2139363186.7819.982086466.4'],
      ] as const) {
        const facts = (await shown(`Sent to ${name}`)) as Facts;
        assert.deepEqual([facts['status'], facts['peer']], ['0000', name]);
        assert.deepEqual(readdirSync(archive), [stored], name);
      }
    });

    it('10 Store and forward over a bad line', async () => {
      const archive = await scps.storescp('+B');
      const line = await BadLine.open(archive.port, (connection) => (connection < 2 ? 5_000 : Infinity));
      try {
        await deploy('10 Store and forward over a bad line.json', {
          'Distant archive': { port: String(line.port) },
          'dicom-out': { retryFirstSeconds: 1, retryLastSeconds: 1 },
        });
        await send();
        const stored = (await shown('In the outbox')) as Facts;
        assert.equal(stored['peer'], 'Distant archive');
        const sent = (await shown('Sent')) as Facts;
        assert.deepEqual([sent['status'], sent['id'], line.breaks], ['0000', stored['id'], 2]);
        assert.deepEqual(storedIn(archive.folder), [sampleInstance(1).dataSet]);
      } finally {
        await line.close();
      }
    });
  });

  describe('15 De-identify for research', { skip: needs('dcmtk') }, () => {
    const scps = new Scps();
    after(() => scps.stop());

    it('sends copies that say of nobody that they are theirs, and sets aside what it cannot make safe', async () => {
      const research = await scps.storescp('+B');
      await deploy('15 De-identify for research.json', {
        'Research archive': { port: String(research.port) },
        'dicom-deidentify': { credentials: { secret: 'a secret of this test, long enough' } },
      });
      await send();
      const sent = (await shown('Sent to research')) as Facts;
      assert.deepEqual([sent['status'], sent['peer']], ['0000', 'Research archive']);
      const [copy = ''] = readdirSync(research.folder);
      const dump = await run('dcmdump', [join(research.folder, copy)]);
      assert.match(dump.output, /\(0012,0062\) CS \[YES\]/);
      assert.doesNotMatch(dump.output, /\[12345\]|Sample\^/);
      // A photograph is none of the classes that are passed.
      const photo = join(corpus, 'generated/sop-classes/vl-photo.dcm');
      assert.equal((await run('dcmsend', ['127.0.0.1', String(port), photo])).code, 0);
      assert.equal(((await shown('Kept back')) as Facts)['reason'], 'sop-class');
      assert.equal(readdirSync(research.folder).length, 1);
    });
  });

  describe('an archive with studies', { skip: needs('dcmtk', 'orthanc') }, () => {
    const scps = new Scps();
    const made = mkdtempSync(join(tmpdir(), 'dicom-made-'));
    let archive: Record<string, unknown> = {};
    before(async () => {
      const { port: archivePort } = await scps.orthanc({
        DicomAet: 'ARCHIVE',
        DicomAlwaysAllowFind: true,
        DicomAlwaysAllowGet: true,
        DicomAlwaysAllowMove: true,
        DicomModalities: { ours: ['NODE_RED', '127.0.0.1', port] },
      });
      archive = { port: String(archivePort), calledAET: 'ARCHIVE' };
      const day = new Date();
      day.setDate(day.getDate() - 1);
      const yesterday = [day.getFullYear(), day.getMonth() + 1, day.getDate()]
        .map((part) => String(part).padStart(2, '0'))
        .join('');
      const files = [...madeStudy(made, '1.2.3', 3, { date: yesterday }), ...madeStudy(made, '1.2.4', 2)];
      const sent = await run('storescu', ['-aec', 'ARCHIVE', '127.0.0.1', String(archivePort), ...files]);
      assert.equal(sent.code, 0, sent.output);
    });
    after(async () => {
      await scps.stop();
      rmSync(made, { recursive: true });
    });
    const inject = async (name: string, payload?: string): Promise<void> => {
      const { id } = read(`${name}.json`).find(({ type }) => type === 'inject') ?? assert.fail();
      const props = [{ p: 'payload', v: payload, vt: 'str' }];
      await fetch(`${nodeRed.url}/inject/${id}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        ...(payload !== undefined && { body: JSON.stringify({ __user_inject_props__: props }) }),
      });
    };

    it('19 Is the study in the archive', async () => {
      const name = '19 Is the study in the archive';
      await deploy(`${name}.json`, { 'dicom-peer': archive });
      await inject(name, 'ACC3');
      const [study] = (await shown('It is there')) as Facts[];
      assert.equal(study?.['StudyInstanceUID'], '1.2.3');
      await inject(name, 'ACC9');
      assert.equal(((await shown('It is not there')) as Facts)['matches'], 0);
    });

    it("22 Nightly pull of yesterday's CTs", async () => {
      const name = "22 Nightly pull of yesterday's CTs";
      await deploy(`${name}.json`, { 'dicom-peer': archive });
      await inject(name);
      const { completed, failed, status } = (await shown('Pulled')) as Facts;
      assert.deepEqual([completed, failed, status], [3, 0, '0000']);
      assert.equal(((await shown('Object')) as Facts)['StudyInstanceUID'], '1.2.3');
    });

    it('23 Prefetch the priors when an order arrives', async () => {
      const hl7 = await freePort();
      const changes = { 'dicom-peer': archive, Orders: { port: String(hl7) } };
      const from = nodeRed.lines.length;
      await deploy('23 Prefetch the priors when an order arrives.json', changes);
      await nodeRed.waitForLine(/dicom-in:.* listening on/, { from });
      const order = [
        'MSH|^~\\&|RIS|HOSPITAL|NR|RADIOLOGY|20260101120000||ORM^O01|42|P|2.5',
        'PID|||P1^^^HOSPITAL',
        'ORC|NW|4711',
      ].join('\r');
      const answers: string[] = [];
      await until(() => {
        const socket = connect(hl7, '127.0.0.1', () => {
          // In two pieces.
          socket.write(`\x0b${order.slice(0, 60)}`);
          setTimeout(() => socket.write(`${order.slice(60)}\r\x1c\r`), 50);
        });
        socket.on('error', () => undefined).on('data', (bytes) => answers.push(bytes.toString()));
        return once(socket, 'connect').then(
          () => true,
          () => false,
        );
      }, 'the HL7 listener');
      const result = (await shown('Priors')) as Facts;
      const { completed, arrived } = result as { completed: number; arrived: object };
      assert.deepEqual([completed, arrived], [5, { objects: 5, by: 'moveOriginator', complete: true }]);
      assert.match(answers.join(''), /\rMSA\|AA\|42\r/);
    });
  });

  it('12 Put the accession number in', { skip: needs('dcmtk') }, async () => {
    const scps = new Scps();
    const archive = await scps.storescp('+B');
    try {
      await deploy('12 Put the accession number in.json', {
        'Archive for orders': { port: String(archive.port) },
        'dicom-in': { acknowledgeTimeoutSeconds: 10, maxDeliveries: 1 },
      });
      const order = (body: object): Promise<Response> =>
        fetch(`${nodeRed.url}/orders`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        });
      await send();
      const missing = (await shown('No order')) as Facts;
      assert.equal(missing['message'], 'There is no order for this patient.');
      assert.equal((await order({ patientId: '12345' })).status, 400);
      assert.equal((await order({ patientId: '12345', accessionNumber: 'A-4711' })).status, 204);
      const client = await StoreClient.open(port);
      const { uid, dataSet } = sampleInstance(2);
      // As a modality without worklist would send it.
      const empty = Buffer.from(dataSet);
      empty.fill(' ', empty.indexOf('A-2026-0042'), empty.indexOf('A-2026-0042') + 11);
      assert.equal(await client.store(uid, empty), 0);
      await client.release();
      assert.equal(((await shown('Sent with')) as Facts)['status'], '0000');
      const [name = ''] = readdirSync(archive.folder);
      const { output } = await run('dcmdump', ['-q', '+P', '0008,0050', '+p', join(archive.folder, name)]);
      assert.equal(output.match(/SH \[A-4711\]/g)?.length, 2, output);
      assert.match(output, /\(0040,0275\)\.\(0008,0050\)/);
    } finally {
      await scps.stop();
    }
  });

  it('26 A study is complete - one message, one picture per series', async () => {
    await deploy('26 A study is complete - one message, one picture per series.json', {
      'dicom-study': { associationEndSeconds: 1 },
    });
    const client = await StoreClient.open(port);
    for (const number of [2, 1]) {
      const { uid, dataSet } = sampleInstance(number);
      assert.equal(await client.store(uid, dataSet), 0);
    }
    await client.release();
    const { PatientID, series } = (await shown('The study')) as {
      PatientID: string;
      series: { instances: { SOPInstanceUID: string }[] }[];
    };
    assert.equal(PatientID, '12345');
    assert.deepEqual(
      series.map(({ instances }) => instances.map(({ SOPInstanceUID }) => SOPInstanceUID)),
      [[1, 2].map((number) => sampleInstance(number).uid)],
    );
    const pictures = (await shown('A picture per series')) as Facts[];
    assert.deepEqual(
      pictures.map(({ Modality, mediaType, SOPInstanceUID }) => [Modality, mediaType, SOPInstanceUID]),
      [['CT', 'image/png', sampleInstance(1).uid]],
    );
    await isEmptied('d1c0a80000260003');
  });

  it('27 Edit, collect the study, send', { skip: needs('dcmtk') }, async () => {
    const scps = new Scps();
    const archive = await scps.storescp('+B');
    try {
      await deploy('27 Edit, collect the study, send.json', {
        'Our archive': { port: String(archive.port) },
        'dicom-study': { associationEndSeconds: 1 },
      });
      const client = await StoreClient.open(port);
      for (const number of [1, 2, 3]) {
        const { uid, dataSet } = sampleInstance(number);
        assert.equal(await client.store(uid, dataSet), 0);
      }
      await client.release();
      const { instances, sent, failed } = (await shown('Sent')) as Facts;
      assert.deepEqual([instances, sent, failed], [3, 3, 0]);
      const copies = readdirSync(archive.folder);
      assert.equal(copies.length, 3);
      for (const copy of copies) {
        const { output } = await run('dcmdump', [join(archive.folder, copy)]);
        assert.match(output, /\(0010,0020\) LO \[12345\]/);
        assert.match(output, /\(0008,0080\) LO \[Our hospital\]/);
      }
      await isEmptied('d1c0a80000270003');
    } finally {
      await scps.stop();
    }
  });

  /** Of a receiver. */
  const isEmptied = (id: string): Promise<void> =>
    until(async () => {
      const stats = await fetch(`${nodeRed.url}/dicom-in/${id}/stats`);
      const { queued, deadLetters } = ((await stats.json()) as { counters: Record<string, number> }).counters;
      return queued === 0 && deadLetters === 0;
    }, 'an empty queue');

  it('14 Edit and send', { skip: needs('orthanc') }, async () => {
    const scps = new Scps();
    const { port: archive, http } = await scps.orthanc({ DicomCheckCalledAet: false });
    try {
      await deploy('14 Edit and send.json', { 'Our archive': { port: String(archive) } });
      await send();
      const uid = await shown('Edited and sent');
      const found = await fetch(`${http}/tools/lookup`, { method: 'POST', body: String(uid) });
      const [{ ID } = assert.fail('Orthanc has it')] = (await found.json()) as { ID: string }[];
      const tags = (await (await fetch(`${http}/instances/${ID}/simplified-tags`)).json()) as Facts;
      assert.deepEqual(
        [tags['PatientID'], tags['IssuerOfPatientID'], tags['StudyID'], tags['PatientComments']],
        // Study ID is not empty, and stays.
        ['EXT-12345', 'EXTERNAL', '1', 'Beispielklinik Köln'],
      );
      assert.equal('AccessionNumber' in tags, false);
      const { uid: before, dataSet } = sampleInstance(1);
      assert.ok(uid !== before && !dataSet.includes(String(tags['StudyInstanceUID'])));
      const [record] = tags['OriginalAttributesSequence'] as Facts[];
      assert.equal(record?.['ReasonForTheAttributeModification'], 'COERCE');
      const [former] = record?.['ModifiedAttributesSequence'] as Facts[];
      assert.deepEqual([former?.['PatientID'], former?.['SOPInstanceUID']], ['12345', before]);
    } finally {
      await scps.stop();
    }
  });

  it('11 Be a proxy', async () => {
    const archive = await MisbehavingScp.listen({
      store: (_, count) =>
        count === 0 ? 0 : { status: 0xa900, elements: { 0x0902: 'not of our hospital' } },
    });
    try {
      await deploy('11 Be a proxy.json', { 'Archive behind the proxy': { port: String(archive.port) } });
      const client = await StoreClient.open(port);
      const { uid, dataSet } = sampleInstance(1);
      assert.equal(await client.store(uid, dataSet), 0x0000);
      assert.equal(((await shown('Answered with')) as Facts)['status'], '0000');
      assert.ok(
        archive.objects[0]?.dataSet.equals(dataSet),
        'the archive has it before its sender is answered',
      );
      assert.equal(await client.store(uid, dataSet), 0xa900);
      assert.equal(((await shown('Failed with')) as Facts)['code'], 'DICOM_OUT_REFUSED');
      await client.release();
    } finally {
      await archive.stop();
    }
  });

  describe('07 Reports to HL7', { skip: needs('dcmtk') }, () => {
    let hl7: MllpListener;
    let file: string;

    before(async () => {
      hl7 = await MllpListener.open();
      file = join(directory, 'report.dcm');
      await deploy('07 Reports to HL7.json', {
        'dicom-in': { acknowledgeTimeoutSeconds: 1, maxDeliveries: 2 },
        'tcp request': { server: '127.0.0.1', port: String(hl7.port) },
      });
    });
    after(() => hl7.close());
    beforeEach(() => Object.assign(hl7, { code: 'AA', answersTo: undefined }));

    /** Sends an object of the corpus, changed, and gives the HL7 message's fields by segment. */
    async function sendReport(name: string, ...changes: string[]): Promise<Record<string, string[]>> {
      const number = hl7.messages.length;
      copyFileSync(join(corpus, 'good', name), file);
      const edits = ['(0010,0020)=P|1~2', '(0010,0010)=Doe^Jane^M^Dr^Jr', ...changes];
      await dcmtk('dcmodify', ['-nb', '-ie', '-gin', ...edits.flatMap((edit) => ['-i', edit]), file]);
      await dcmtk('dcmsend', ['-aec', 'NODE_RED', '127.0.0.1', String(port), file]);
      const segments = await hl7.message(number);
      return Object.fromEntries(segments.map((segment) => [segment.slice(0, 3), segment.split('|')]));
    }
    const dcmtk = async (program: string, options: string[]): Promise<void> => {
      const { code, output } = await run(program, options);
      assert.equal(code, 0, output);
    };
    const isEmpty = (): Promise<void> =>
      until(async () => {
        const stats = await fetch(`${nodeRed.url}/dicom-in/d1c0a70000000003/stats`);
        return ((await stats.json()) as { counters: { queued: number } }).counters.queued === 0;
      }, 'an empty queue');

    it('sends a structured report as text, and acknowledges it', async () => {
      const {
        MSH = [],
        PID = [],
        OBR = [],
        OBX = [],
      } = await sendReport('sr-comprehensive/pydicom__test-SR.dcm');
      assert.deepEqual([MSH[8], MSH[11], MSH[17]], ['ORU^R01^ORU_R01', '2.5', 'UNICODE UTF-8']);
      assert.ok((MSH[9]?.length ?? 0) > 0 && (MSH[9]?.length ?? 99) <= 20, MSH[9]);
      assert.equal(PID[3], 'P\\F\\1\\R\\2');
      assert.equal(PID[5], 'Doe^Jane^M^Jr^Dr');
      assert.equal(OBR[25], 'F');
      assert.equal(OBX[2], 'FT');
      assert.equal(OBX[11], 'F');
      assert.match(OBX[5] ?? '', /\\\.br\\/);
      assert.match(String(await shown('HL7 answer')), /MSA\|AA/);
      await isEmpty();
    });

    it('sends a PDF as it is, and acknowledges it', async () => {
      const { OBX = [] } = await sendReport('encapsulated-pdf/dcmjs-dimse__pdf.dcm');
      assert.equal(OBX[2], 'ED');
      const [source, type, subtype, encoding, data = ''] = (OBX[5] ?? '').split('^');
      assert.deepEqual([source, type, subtype, encoding], ['', 'application', 'pdf', 'Base64']);
      assert.equal(Buffer.from(data, 'base64').toString('latin1', 0, 5), '%PDF-');
      await isEmpty();
    });

    it('sends a report again that got no answer, or another one’s, and then sets it aside', async () => {
      hl7.code = undefined;
      const first = await sendReport('sr-comprehensive/pydicom__test-SR.dcm');
      hl7.code = 'AA';
      await isEmpty();
      assert.deepEqual(
        hl7.messages.at(-1)?.slice(1),
        Object.values(first)
          .slice(1)
          .map((fields) => fields.join('|')),
      );
      hl7.answersTo = 'another';
      await sendReport('sr-comprehensive/pydicom__test-SR.dcm');
      await sink.find(
        ({ payload }) =>
          'shown' in payload && (payload.shown as { code?: string }).code === 'DICOM_NOT_ACKNOWLEDGED',
        'the caught error',
      );
      await isEmpty();
    });

    it('sends no other object, and acknowledges it', async () => {
      const number = hl7.messages.length;
      await send();
      await isEmpty();
      assert.equal(hl7.messages.length, number);
    });
  });
});

describe('25 Mail the key image', { skip: needs('dcmtk') }, () => {
  const userDir = mkdtempSync(join(tmpdir(), 'dicom-mail-'));
  let smtp: SmtpSink;
  let sink: MessageSink;
  let nodeRed: NodeRed;

  before(async () => {
    [smtp, sink] = await Promise.all([SmtpSink.listen(), MessageSink.open()]);
    // What Node-RED installs for the function node.
    mkdirSync(join(userDir, 'node_modules'));
    symlinkSync(join(PACKAGE_DIR, 'node_modules', 'nodemailer'), join(userDir, 'node_modules', 'nodemailer'));
    const dependencies = { 'node-red-contrib-dicom': `file:${PACKAGE_DIR}`, nodemailer: '*' };
    writeFileSync(join(userDir, 'package.json'), JSON.stringify({ name: 'node-red-project', dependencies }));
  });
  nodeRedForSuite(
    () => ({ flows: [], userDir, env: { SMTP_HOST: '127.0.0.1', SMTP_PORT: String(smtp.port) } }),
    (started) => {
      nodeRed = started;
    },
  );
  after(async () => {
    await Promise.all([smtp.close(), sink.close()]);
    rmSync(userDir, { recursive: true, force: true });
  });

  it('mails the pictures of the images that a Key Object Selection refers to, and no others', async () => {
    const port = await freePort();
    const connected = sink.nextConnection();
    const from = nodeRed.lines.length;
    await nodeRed.deploy(forTest(read('25 Mail the key image.json'), port, sink, {}));
    await nodeRed.waitForLine(/\[dicom-in:[^\]]*\] listening on/, { from });
    await connected();
    const shown = async (debug: string): Promise<unknown> => {
      const message = await sink.find(({ payload }) => 'debug' in payload && payload.debug === debug, debug);
      return (message.payload as { shown?: unknown }).shown;
    };
    const client = await StoreClient.open(port);
    for (const number of [1, 2]) {
      const { uid, dataSet } = sampleInstance(number);
      assert.equal(await client.store(uid, dataSet), 0);
      assert.equal(await shown('Kept'), uid);
      sink.clear();
    }
    await client.release();
    const key = join(userDir, 'ko.dcm');
    writeFileSync(key, keyObject(sampleInstance(2).uid));
    const sent = await run('dcmsend', ['127.0.0.1', String(port), key]);
    assert.equal(sent.code, 0, sent.output);
    assert.deepEqual(await shown('Mailed to'), ['ward@example.org']);
    const [mail = ''] = smtp.mails;
    assert.match(mail, /Subject: Key images: 1/);
    assert.equal(mail.split('Content-Type: image/jpeg').length, 2);
    assert.match(mail, /\/9j\//, 'a JPEG in base64');
    assert.doesNotMatch(mail, /12345|Sample\^/);
  });
});

/** A Key Object Selection that refers to one image. */
function keyObject(uid: string): Buffer {
  const ui = (tag: number, value: string): Buffer =>
    element(tag, 'UI', value.length % 2 === 0 ? value : `${value}\0`);
  const reference = item(ui(0x00081150, '1.2.840.10008.5.1.4.1.1.2'), ui(0x00081155, uid));
  const series = item(element(0x00081199, 'SQ', reference), ui(0x0020000e, '2.25.7'));
  const study = item(element(0x00081115, 'SQ', series), ui(0x0020000d, '2.25.8'));
  const dataSet = Buffer.concat([element(0x00080060, 'CS', 'KO'), element(0x0040a375, 'SQ', study)]);
  return part10(dataSet, '1.2.840.10008.1.2.1', '1.2.840.10008.5.1.4.1.1.88.59');
}

describe('example flows with a database', { skip: needs('postgres', 'dcmtk') }, () => {
  const scps = new Scps();
  const userDir = mkdtempSync(join(tmpdir(), 'dicom-postgres-'));
  let postgres: Postgres;
  let nodeRed: NodeRed;
  let sink: MessageSink;

  before(async () => {
    [postgres, sink] = await Promise.all([Postgres.start(), MessageSink.open()]);
    postgres.run(`CREATE TABLE patients (local_id text PRIMARY KEY, hospital_id text NOT NULL, birth_date date);
      INSERT INTO patients VALUES ('12345', 'H-000777', '1970-01-02')`);
    // What Node-RED installs for the function node.
    mkdirSync(join(userDir, 'node_modules'));
    symlinkSync(join(PACKAGE_DIR, 'node_modules', 'pg'), join(userDir, 'node_modules', 'pg'));
    const dependencies = { 'node-red-contrib-dicom': `file:${PACKAGE_DIR}`, pg: '*' };
    writeFileSync(join(userDir, 'package.json'), JSON.stringify({ name: 'node-red-project', dependencies }));
  });
  nodeRedForSuite(
    () => ({ flows: [], userDir, env: postgres.environment }),
    (started) => {
      nodeRed = started;
    },
  );
  after(async () => {
    await scps.stop();
    await sink.close();
    await postgres.stop();
    rmSync(userDir, { recursive: true, force: true });
  });

  it('28 Receive on two machines, deliver on a third', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'dicom-example-'));
    const port = await freePort();
    const flows = forTest(read('28 Receive on two machines, deliver on a third.json'), port, sink, {
      'dicom-queue': { host: '127.0.0.1', port: String(postgres.port), database: 'postgres' },
      'Deliver for all': { directory },
    });
    const connected = sink.nextConnection();
    const from = nodeRed.lines.length;
    await nodeRed.deploy(flows);
    await nodeRed.waitForLine(/\[dicom-in:[^\]]*\] listening on/, { from });
    await nodeRed.waitForLine(/delivering from the shared queue/, { from });
    await connected();
    const client = await StoreClient.open(port);
    const { uid, dataSet } = sampleInstance(1);
    assert.equal(await client.store(uid, dataSet), 0);
    await client.release();
    const message = await sink.find(({ payload }) => 'debug' in payload, 'the object');
    assert.ok(existsSync(String((message.payload as { shown?: unknown }).shown)));
    rmSync(directory, { recursive: true, force: true });
  });

  it('13 Correct the patient ID: sends what the database has, with a record of that; others are dead letters', async () => {
    const [port, archive] = await Promise.all([freePort(), scps.storescp('+B')]);
    const flows = forTest(read('13 Correct the patient ID from a database.json'), port, sink, {
      'Archive of the hospital': { port: String(archive.port) },
      'dicom-in': { acknowledgeTimeoutSeconds: 10, maxDeliveries: 1 },
    });
    const connected = sink.nextConnection();
    const from = nodeRed.lines.length;
    await nodeRed.deploy(flows);
    await nodeRed.waitForLine(/\[dicom-in:[^\]]*\] listening on/, { from });
    await connected();
    const client = await StoreClient.open(port);
    const { uid, dataSet } = sampleInstance(1);
    assert.equal(await client.store(uid, dataSet), 0);
    const shown = async (debug: string): Promise<unknown> => {
      const message = await sink.find(({ payload }) => 'debug' in payload && payload.debug === debug, debug);
      return (message.payload as { shown?: unknown }).shown;
    };
    assert.equal(await shown('Sent corrected'), 'H-000777');
    const [name = ''] = readdirSync(archive.folder);
    const { output } = await run('dcmdump', ['-q', '+L', join(archive.folder, name)]);
    const [head = '', record = ''] = output.split('(0400,0561)');
    assert.match(head, /PatientID/);
    for (const value of ['LO [H-000777]', 'LO [HOSPITAL]', 'DA [19700102]', 'LO [12345]'])
      assert.ok(head.includes(value), value);
    for (const value of [
      'LO [12345]',
      'DA [19700101]',
      'CS [CORRECT]',
      'LO [node-red-contrib-dicom Right patient ID]',
    ])
      assert.ok(record.includes(value), value);
    const stranger = Buffer.from(sampleInstance(2).dataSet);
    stranger.write('99999', stranger.indexOf('12345 '), 'latin1');
    assert.equal(await client.store(sampleInstance(2).uid, stranger), 0);
    await client.release();
    const error = (await shown('Unknown patient')) as Facts;
    assert.equal(error['message'], 'The database does not have this patient.');
    assert.equal(readdirSync(archive.folder).length, 1);
  });
});
