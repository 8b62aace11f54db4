import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { bufferSource, readFileMeta } from '../../src/dicom';
import type { RetrieveEnd } from '../../src/retrieve';
import { needs } from '../support/needs';
import { dataSetOf } from '../support/part10';
import { Collected, peerAt, retrieving, study } from '../support/retrieving';
import { Scps } from '../support/scps';
import { readManifest, run, sendRaw, type RawSent } from '../support/senders';
import { until } from '../support/until';

const STUDY = '1.2.826.0.1.3680043.10.1';
/** Of getscu: transfer syntaxes that it can be told to take, and that dcmqrscp accepts. */
const SYNTAX_OPTIONS = ['+xe', '+xi'];
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

/** What getscu gets, byte for byte, by instance and transfer syntax. */
async function byGetscu(port: number, folder: string): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>();
  for (const option of SYNTAX_OPTIONS) {
    const into = join(folder, option);
    mkdirSync(into);
    await run('getscu', [
      '-S',
      '+B',
      option,
      '-od',
      into,
      '-aec',
      'ARCHIVE',
      '-k',
      'QueryRetrieveLevel=STUDY',
      '-k',
      `StudyInstanceUID=${STUDY}`,
      '127.0.0.1',
      String(port),
    ]);
    for (const name of readdirSync(into)) {
      const bytes = readFileSync(join(into, name));
      const { sopInstanceUID = '', transferSyntaxUID = '' } = readFileMeta(bufferSource(bytes));
      found.set(`${sopInstanceUID} ${transferSyntaxUID}`, dataSetOf(bytes));
    }
  }
  return found;
}

describe('C-GET from archives', { skip: needs('dcmtk', 'orthanc'), timeout: 240_000 }, () => {
  const scps = new Scps();
  const folder = mkdtempSync(join(tmpdir(), 'archives-'));
  const ports = { dcmqrscp: 0, Orthanc: 0 };
  let stored: RawSent[] = [];
  before(async () => {
    const objects = join(folder, 'objects');
    mkdirSync(objects);
    const files = await oneStudy(objects);
    const archive = await scps.dcmqrscp();
    ports.dcmqrscp = archive.port;
    ports.Orthanc = (
      await scps.orthanc({ DicomAet: 'ARCHIVE', DicomAlwaysAllowGet: true, DicomAlwaysAllowFind: true })
    ).port;
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
    const into = join(folder, 'getscu');
    mkdirSync(into);
    const theirs = await byGetscu(ports.dcmqrscp, into);
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
