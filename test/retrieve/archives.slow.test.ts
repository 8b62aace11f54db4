import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { bufferSource, readFileMeta } from '../../src/dicom';
import type { RetrieveEnd } from '../../src/retrieve';
import { freePort } from '../support/machine/free-port';
import { needs } from '../support/machine/needs';
import { dataSetOf } from '../support/objects/part10';
import { Collected, peerAt, retrieving, study } from './retrieving';
import { Scps } from '../support/peers/scps';
import { sendRaw, type RawSent } from '../support/peers/send-raw';
import { run } from '../support/machine/run';
import { readManifest } from '../support/objects/corpus';
import { testListener, type TestListener } from '../support/connections/test-listener';
import { until } from '../support/machine/until';

const STUDY = '1.2.826.0.1.3680043.10.1';
/** Transfer syntaxes: those that getscu can be told to take, and that dcmqrscp accepts; all. */
const SYNTAX_OPTIONS = { getscu: ['+xe', '+xi'], movescu: ['+xa'] };
const LONGEST = 600_000;

/** One object of each SOP class and transfer syntax of the corpus, all of them in one study. */
async function oneStudy(folder: string): Promise<string[]> {
  const kinds = new Map<string, string>();
  for (const row of readManifest()) {
    const { path = '', file = '', size } = row;
    const kind = `${row['sop_class_uid']} ${row['transfer_syntax_uid']}`;
    if (path.startsWith('good/') && !kinds.has(kind) && Number(size) < LONGEST && row['sop_instance_uid'])
      kinds.set(kind, file);
  }
  const files = [...kinds.values()].map((file, at) => {
    const copy = join(folder, `${at}.dcm`);
    copyFileSync(file, copy);
    return copy;
  });
  const changes = [`StudyInstanceUID=${STUDY}`, 'PatientID=P1', 'PatientName=Doe^Jane'].flatMap((each) => [
    '-m',
    each,
  ]);
  const { output } = await run('dcmodify', ['-nb', '-ie', ...changes, ...files]);
  return files.filter((file) => !output.includes(file));
}

/**
 * What DCMTK gets, byte for byte, by instance and transfer syntax.
 * @param options of the program; `+xe` and such are its own
 */
async function byDcmtk(
  program: 'getscu' | 'movescu',
  options: readonly string[],
  port: number,
  folder: string,
): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>();
  const keys = ['-k', 'QueryRetrieveLevel=STUDY', '-k', `StudyInstanceUID=${STUDY}`];
  for (const option of SYNTAX_OPTIONS[program]) {
    const into = mkdtempSync(join(folder, program));
    // movescu writes bytes as they are into its working directory, whatever -od says.
    const where = ['-od', into, '-aec', 'ARCHIVE', ...keys, '127.0.0.1', String(port)];
    await run(program, ['-S', '+B', option, ...options, ...where], { cwd: into });
    for (const name of readdirSync(into)) {
      const bytes = readFileSync(join(into, name));
      const { sopInstanceUID = '', transferSyntaxUID = '' } = readFileMeta(bufferSource(bytes));
      found.set(`${sopInstanceUID} ${transferSyntaxUID}`, dataSetOf(bytes));
    }
  }
  return found;
}

describe('C-GET and C-MOVE from archives', { skip: needs('dcmtk', 'orthanc') }, () => {
  const scps = new Scps();
  const folder = mkdtempSync(join(tmpdir(), 'archives-'));
  const ports = { dcmqrscp: 0, Orthanc: 0, movescu: 0 };
  let ours: TestListener;
  let stored: RawSent[] = [];
  before(async () => {
    ours = await testListener();
    ports.movescu = await freePort();
    const objects = join(folder, 'objects');
    mkdirSync(objects);
    const files = await oneStudy(objects);
    const archive = await scps.dcmqrscp({ NODERED: ours.port, MOVESCU: ports.movescu });
    ports.dcmqrscp = archive.port;
    const orthanc = await scps.orthanc({
      DicomAet: 'ARCHIVE',
      DicomAlwaysAllowGet: true,
      DicomAlwaysAllowFind: true,
      DicomAlwaysAllowMove: true,
      DicomModalities: {
        ours: ['NODERED', '127.0.0.1', ours.port],
        theirs: ['MOVESCU', '127.0.0.1', ports.movescu],
      },
    });
    ports.Orthanc = orthanc.port;
    const sent = await sendRaw(ports.Orthanc, files, ['--aec', 'ARCHIVE']);
    // Of two with one instance UID the archive has one.
    stored = sent.filter(
      ({ status, sopInstanceUID }, at) =>
        status === '0x0000' && sent.findIndex((each) => each.sopInstanceUID === sopInstanceUID) === at,
    );
    assert.ok(stored.length > 30, String(stored.length));
    const indexed = await run('dcmqridx', [archive.folder, ...files]);
    assert.equal(indexed.code, 0, indexed.output);
  });
  after(async () => {
    await ours.close();
    await scps.stop();
    rmSync(folder, { recursive: true });
  });

  /** All of the study, by instance and transfer syntax. */
  async function got(port: number): Promise<{ end: RetrieveEnd; objects: Map<string, Buffer> }> {
    const collected = new Collected();
    try {
      const { end } = await retrieving(peerAt(port), { targets: [study(STUDY)] }, collected.place).ended;
      await until(() => collected.objects.length >= end.result.completed, 'the objects');
      assert.equal(collected.messages.length, end.result.completed);
      assert.deepEqual(
        new Set(collected.messages.map(({ dicom }) => `${dicom.callingAET} ${dicom.calledAET}`)),
        new Set(['ARCHIVE NODERED']),
      );
      const named = collected.objects.map((bytes): [string, Buffer] => {
        const { sopInstanceUID = '', transferSyntaxUID = '' } = readFileMeta(bufferSource(bytes));
        return [`${sopInstanceUID} ${transferSyntaxUID}`, dataSetOf(bytes)];
      });
      return { end, objects: new Map(named) };
    } finally {
      await collected.close();
    }
  }

  it('dcmqrscp: all that getscu gets, byte for byte', async () => {
    const { end, objects } = await got(ports.dcmqrscp);
    const theirs = await byDcmtk('getscu', [], ports.dcmqrscp, folder);
    assert.ok(theirs.size > 15, String(theirs.size));
    for (const [name, bytes] of theirs) {
      const [uid = ''] = name.split(' ');
      assert.ok(
        [...objects.keys()].some((key) => key.startsWith(`${uid} `)),
        uid,
      );
      const ours = objects.get(name);
      if (ours !== undefined) assert.ok(ours.equals(bytes), name);
    }
    // It accepts no compressed transfer syntax, and says which objects it could not send.
    const { completed, failed, failedSOPInstanceUIDs, status } = end.result;
    assert.equal(completed, objects.size);
    assert.deepEqual([failed, status], [failedSOPInstanceUIDs.length, 'B000']);
    assert.ok(failed > 0);
  });

  for (const name of ['dcmqrscp', 'Orthanc'] as const)
    it(`${name}: C-MOVE brings all that movescu gets, byte for byte`, async () => {
      const options = ['-aet', 'MOVESCU', '-aem', 'MOVESCU', '--port', String(ports.movescu)];
      const theirs = await byDcmtk('movescu', options, ports[name], folder);
      ours.stored.length = 0;
      const request = { targets: [study(STUDY)], moveDestination: 'NODERED' };
      const { end } = await retrieving(peerAt(ports[name]), request).ended;
      assert.equal(end.result.completed, ours.stored.length);
      const objects = new Map(
        ours.stored.map(({ request: { sopInstanceUID, transferSyntaxUID }, bytes }) => [
          `${sopInstanceUID} ${transferSyntaxUID}`,
          bytes,
        ]),
      );
      const uids = new Set([...objects.keys()].map((key) => key.split(' ')[0]));
      assert.deepEqual(
        [...theirs.keys()].filter((key) => !uids.has(key.split(' ')[0])),
        [],
      );
      // What movescu does not take as it is stored comes to it in another transfer syntax.
      const both = [...theirs].filter(([key]) => objects.has(key));
      assert.ok(both.length > 15, `${both.length} of ${theirs.size}`);
      for (const [key, bytes] of both) assert.ok(objects.get(key)?.equals(bytes), key);
    });

  it('Orthanc: objects of more SOP classes than an association has contexts for, as they were stored', async () => {
    const { end, objects } = await got(ports.Orthanc);
    assert.deepEqual(end, {
      kind: 'done',
      result: {
        ...{ completed: stored.length, failed: 0, warning: 0, remaining: 0 },
        ...{ failedSOPInstanceUIDs: [], status: '0000', cancelled: false },
      },
    });
    const same = stored.filter(({ path, sopInstanceUID, transferSyntaxUID }) =>
      objects.get(`${sopInstanceUID} ${transferSyntaxUID}`)?.equals(dataSetOf(readFileSync(path))),
    );
    // The others are of transfer syntaxes that it sends in another one.
    assert.ok(same.length > 30, `${same.length} of ${stored.length}`);
  });
});
