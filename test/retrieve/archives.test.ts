import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { bufferSource, readFileMeta } from '../../src/dicom';
import { needs } from '../support/needs';
import { dataSetOf } from '../support/part10';
import { Collected, peerAt, retrieving, study } from '../support/retrieving';
import { Scps } from '../support/scps';
import { readManifest, run, sendRaw } from '../support/senders';
import { until } from '../support/until';

const STUDY = '1.2.826.0.1.3680043.10.1';
/** Of getscu: the transfer syntaxes that it can be told to take. */
const SYNTAX_OPTIONS = ['+xe', '+xs', '+xv', '+xt', '+xr', '+xy', '+xw', '+xu', '+xd', '+xb'];
const LONGEST = 3_000_000;

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
  const changes = [`StudyInstanceUID=${STUDY}`, 'PatientID=P1', 'PatientName=Doe^Jane'].flatMap((each) => ['-m', each]);
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
  let files: string[] = [];
  before(async () => {
    const objects = join(folder, 'objects');
    mkdirSync(objects);
    files = await oneStudy(objects);
    const archive = await scps.dcmqrscp();
    ports.dcmqrscp = archive.port;
    ports.Orthanc = (
      await scps.orthanc({ DicomAet: 'ARCHIVE', DicomAlwaysAllowGet: true, DicomAlwaysAllowFind: true })
    ).port;
    const sent = await sendRaw(ports.Orthanc, files, ['--aec', 'ARCHIVE']);
    console.log(sent.map(({ status }) => status).join());
    const indexed = await run('dcmqridx', ['-v', archive.folder, ...files]);
    console.log(indexed.output.slice(-500));
  });
  after(async () => {
    await scps.stop();
    rmSync(folder, { recursive: true });
  });

  for (const name of ['dcmqrscp', 'Orthanc'] as const)
    it(`${name}: a study of many SOP classes and transfer syntaxes, byte for byte what getscu gets`, async () => {
      const collected = new Collected();
      try {
        const began = performance.now();
        const { ended } = retrieving(peerAt(ports[name]), { targets: [study(STUDY)] }, collected.place);
        const { end } = await ended;
        console.log(JSON.stringify(end).slice(0, 2000), performance.now() - began);
        assert.equal(end.kind, 'done');
        await until(() => collected.objects.length >= end.result.completed, 'the objects');
        const theirs = new Map<string, Buffer>();
        const into = join(folder, name);
        mkdirSync(into);
        for (const [key, bytes] of await byGetscu(ports[name], into)) theirs.set(key, bytes);
        console.log(theirs.size, files.length);
        let equal = 0;
        for (const object of collected.objects) {
          const { sopInstanceUID = '', transferSyntaxUID = '' } = readFileMeta(bufferSource(object));
          const other = theirs.get(`${sopInstanceUID} ${transferSyntaxUID}`);
          if (other === undefined) console.log('only ours', sopInstanceUID, transferSyntaxUID);
          else {
            assert.ok(other.equals(dataSetOf(object)), `${sopInstanceUID} ${transferSyntaxUID}`);
            equal += 1;
          }
        }
        console.log('equal', equal);
      } finally {
        await collected.close();
      }
    });
});
