import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { DimseClient, MPPS } from '../support/peers/find-client';
import { sinkNodes } from '../support/node-red/flows';
import { freePort } from '../support/machine/free-port';
import { MessageSink } from '../support/node-red/message-sink';
import { needs } from '../support/machine/needs';
import { type FlowNode, type NodeRed } from '../support/node-red/node-red';
import { PACKAGE_DIR } from '../support/package/package-dir';
import { Postgres } from '../support/queues/postgres';
import { run } from '../support/machine/run';
import { nodeRedForSuite } from '../support/node-red/with-node-red';

/** The example with its debug nodes leading to the sink, on a free port. */
function example(name: string, port: number, sink: MessageSink): FlowNode[] {
  const flows = JSON.parse(readFileSync(join(PACKAGE_DIR, 'examples', name), 'utf8')) as FlowNode[];
  const { z } = flows.find(({ type }) => type === 'dicom-in') ?? assert.fail();
  return [
    ...flows.map((node) => {
      if (node.type === 'dicom-in') return { ...node, port: String(port), bindAddress: '127.0.0.1' };
      if (node.type !== 'debug') return node;
      const func = `const path = ${JSON.stringify(node['complete'])}.split('.');
        const shown = path.reduce((value, key) => value && value[key], msg);
        return { payload: { debug: ${JSON.stringify(node['name'])}, shown } };`;
      return { ...node, type: 'function', func, outputs: 1, wires: [['test-out-1']] };
    }),
    ...sinkNodes(sink).map((node) => ({ ...node, z })),
  ];
}

describe('examples of flows that answer', { skip: needs('postgres', 'dcmtk') }, () => {
  const userDir = mkdtempSync(join(tmpdir(), 'dicom-answering-'));
  let postgres: Postgres;
  let nodeRed: NodeRed;
  let sink: MessageSink;

  before(async () => {
    [postgres, sink] = await Promise.all([Postgres.start(), MessageSink.open()]);
    const columns = `patient_id text, patient_name text, birth_date date, sex text, accession_number text, study_uid text, procedure text,
      station_aet text, modality text, start_at timestamp, step_id text`;
    postgres.run(`CREATE TABLE worklist (${columns});
      INSERT INTO worklist VALUES
      ('12345', 'Müller^Jörg', '1970-01-02', 'M', 'A-1', '1.2.3.1', 'CT Thorax', 'CT01', 'CT', '2026-11-26 08:15', 'S1'),
      ('12346', 'Doe^Jane', NULL, 'F', 'A-2', '1.2.3.2', 'CT Head', 'CT01', 'CT', '2026-11-27 09:00', 'S2'),
      ('12347', 'Doe_John', NULL, 'M', 'A-3', '1.2.3.3', 'MR Knee', 'MR01', 'MR', '2026-11-26 10:00', 'S3')`);
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
    await sink.close();
    await postgres.stop();
    rmSync(userDir, { recursive: true, force: true });
  });

  async function deploy(name: string): Promise<number> {
    const port = await freePort();
    const connected = sink.nextConnection();
    const from = nodeRed.lines.length;
    await nodeRed.deploy(example(name, port, sink));
    await nodeRed.waitForLine(/\[dicom-in:[^\]]*\] listening on/, { from });
    await connected();
    sink.clear();
    return port;
  }
  const shown = async (debug: string): Promise<unknown> => {
    const message = await sink.find(({ payload }) => 'debug' in payload && payload.debug === debug, debug);
    return (message.payload as { shown?: unknown }).shown;
  };

  it('30 A worklist from a database', async () => {
    const port = await deploy('30 A worklist from a database.json');
    const step = 'ScheduledProcedureStepSequence[0]';
    const find = async (keys: string[], title = 'CT01'): Promise<string> => {
      const asked = ['PatientName', 'PatientID', `${step}.ScheduledProcedureStepStartTime`, ...keys];
      const options = ['-v', '-W', '-aet', title, '-aec', 'NODE_RED', ...asked.flatMap((key) => ['-k', key])];
      const { output } = await run('findscu', [...options, '127.0.0.1', String(port)]);
      return output;
    };
    const idsIn = (output: string): string[] =>
      [...output.matchAll(/^I: .*LO \[(\d+)\s*\].*PatientID$/gm)].map(([, id = '']) => id);
    for (const [keys, ids] of [
      [[`${step}.Modality=CT`], ['12345', '12346']],
      [[`${step}.Modality=CT`, `${step}.ScheduledProcedureStepStartDate=20261126`], ['12345']],
      [[`${step}.ScheduledProcedureStepStartDate=20261126-`], ['12345', '12347', '12346']],
      [
        [`${step}.ScheduledProcedureStepStartDate=-20261126`, 'AccessionNumber=A-?'],
        ['12345', '12347'],
      ],
      [['PatientName=doe^*'], ['12346']],
      [['PatientName=Doe_*'], ['12347']],
      [['AccessionNumber=none'], []],
    ] as const) {
      const output = await find([...keys]);
      assert.deepEqual(idsIn(output), ids, `${keys.join(' ')}: ${output}`);
      assert.match(output, /Received Final Find Response \(Success\)/);
    }
    assert.ok('PatientName' in ((await shown('Asked for')) as object));
    // In the character set that the modality asks in.
    const latin = await find(['SpecificCharacterSet=ISO_IR 100', 'AccessionNumber=A-1']);
    assert.match(latin, /\[ISO_IR 100\][^]*\[M\xfcller\^J\xf6rg\s*\]/);
    assert.match(latin, /\[081500\]/);
    const utf8 = await find(['AccessionNumber=A-1']);
    assert.ok(utf8.includes(Buffer.from('Müller^Jörg').toString('latin1')), utf8);
    // Who is not listed gets nothing.
    assert.match(await find([], 'STRANGER'), /Association Request Failed|Rejected/i);

    postgres.run('ALTER TABLE worklist RENAME TO gone');
    const failed = await find([]);
    assert.match(failed, /Received Final Find Response \(.*Unable.*\)/i, failed);
    assert.match(String(((await shown('Database failed')) as { message?: unknown }).message), /worklist/);
  });

  it('31 Tell the flow when an examination is done', async () => {
    const port = await deploy('31 Tell the flow when an examination is done.json');
    const client = await DimseClient.open(port, MPPS);
    const begin = { PerformedProcedureStepStatus: 'IN PROGRESS', PatientID: '12345' };
    for (const uid of ['1.2.9', '1.2.10']) {
      client.create(uid, begin);
      assert.equal((await client.next()).status, 0);
    }
    assert.equal(await shown('In progress'), '12345');
    client.set('1.2.10', { PerformedProcedureStepStatus: 'DISCONTINUED' });
    assert.equal((await client.next()).status, 0);
    assert.equal(await shown('Discontinued'), '1.2.10');
    client.set('1.2.9', {
      PerformedProcedureStepStatus: 'COMPLETED',
      PerformedSeriesSequence: [
        {
          SeriesInstanceUID: '1.2.3',
          ReferencedImageSequence: [
            { ReferencedSOPClassUID: '1.2.840.10008.5.1.4.1.1.2', ReferencedSOPInstanceUID: '1.2.3.1' },
          ],
        },
      ],
    });
    assert.equal((await client.next()).status, 0);
    assert.equal(await shown('Done'), 'FINDER: patient 12345, 1 series, 1 instances');
    client.close();
  });
});
