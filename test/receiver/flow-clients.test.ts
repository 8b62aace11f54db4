import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Client, Dataset, type requests, requests as dimse, responses } from 'dcmjs-dimse';
import { MPPS, STUDY_ROOT } from '../support/peers/find-client';
import { receiversForFile, type InProcessReceiver } from '../support/workers/in-process-receiver';
import { needs } from '../support/machine/needs';
import { run } from '../support/machine/run';
import { until } from '../support/machine/until';

const receivers = receiversForFile('flow-clients');

/** A receiver whose flow answers each query with these. */
function answering(matches: unknown[]): Promise<InProcessReceiver> {
  return receivers.start(
    receivers.folder(),
    {
      answerQueries: ['study', 'patient', 'worklist'],
      answerMpps: 'at-once',
      acceptedCallingAETs: 'FINDSCU, DIMSE',
      queue: 'memory',
    },
    {
      onQuery: (receiver, id) =>
        receiver.answerQuery(id, { matches: JSON.stringify(matches), status: 0, isLast: true }),
    },
  );
}

describe('findscu of DCMTK', { skip: needs('dcmtk') }, () => {
  const findscu = (port: number, ...options: string[]): Promise<{ code: number | null; output: string }> =>
    run('findscu', ['-v', ...options, '127.0.0.1', String(port)]);
  const values = (output: string, keyword: string): string[] =>
    [...output.matchAll(new RegExp(`^I: +\\(.*\\[(.*)\\].*${keyword}$`, 'gm'))].map(([, value = '']) =>
      value.replace(/[ \0]+$/, ''),
    );

  it('finds by Study Root, Patient Root and worklist', async () => {
    const { port, queries } = await answering([
      {
        PatientName: 'Doe^John',
        StudyInstanceUID: '1.2.3',
        ScheduledProcedureStepSequence: [{ Modality: 'CT', ScheduledProcedureStepStartDate: '20261126' }],
      },
      { PatientName: 'Doe^Jane', StudyInstanceUID: '1.2.4' },
    ]);
    for (const [model, level] of [
      ['-S', 'STUDY'],
      ['-S', 'IMAGE'],
      ['-P', 'PATIENT'],
      ['-P', 'SERIES'],
    ] as const) {
      const { code, output } = await findscu(
        port,
        model,
        '-k',
        `QueryRetrieveLevel=${level}`,
        '-k',
        'PatientName=Doe*',
        '-k',
        'StudyInstanceUID',
      );
      assert.equal(code, 0, output);
      // The first of each is the request.
      assert.deepEqual(values(output, 'PatientName').slice(-2), ['Doe^John', 'Doe^Jane'], output);
      assert.deepEqual(values(output, 'StudyInstanceUID').slice(-2), ['1.2.3', '1.2.4']);
      assert.match(output, /Received Final Find Response \(Success\)/);
    }
    const step = 'ScheduledProcedureStepSequence[0]';
    const { output } = await findscu(
      port,
      '-W',
      '-k',
      'PatientName',
      '-k',
      `${step}.Modality=CT`,
      '-k',
      `${step}.ScheduledProcedureStepStartDate`,
    );
    assert.deepEqual(values(output, 'PatientName').slice(-2), ['Doe^John', 'Doe^Jane'], output);
    assert.deepEqual(values(output, 'Modality').slice(-2), ['CT', 'CT']);
    assert.match(output, /Received Final Find Response \(Success\)/);
    assert.deepEqual(
      queries.map(({ message }) => (message.dicom as { level?: string }).level),
      ['study', 'image', 'patient', 'series', undefined],
    );
  });

  it('cancels, and hears that it is cancelled', async () => {
    const many = Array.from({ length: 5_000 }, (_, number) => ({ StudyInstanceUID: `1.2.${number}` }));
    const { port, queries } = await answering(many);
    const options = ['-S', '--cancel', '3', '-k', 'QueryRetrieveLevel=STUDY', '-k', 'StudyInstanceUID'];
    const { output } = await findscu(port, ...options);
    assert.match(output, /Received Final Find Response \(Cancel/, output.slice(-2_000));
    assert.equal(queries.length, 1);
  });
});

describe('dcmjs-dimse', () => {
  const send = (
    port: number,
    ...asked: (requests.CFindRequest | requests.NCreateRequest | requests.NSetRequest)[]
  ): Promise<number[]> =>
    new Promise((resolve, reject) => {
      const client = new Client();
      const statuses: number[] = [];
      for (const request of asked) {
        request.on('response', (response) =>
          statuses.push((response as responses.CFindResponse).getStatus()),
        );
        client.addRequest(request);
      }
      client.on('closed', () => resolve(statuses));
      client.on('networkError', reject);
      client.send('127.0.0.1', port, 'DIMSE', 'NODE_RED');
    });

  it('tells of a procedure step, with N-CREATE and N-SET', async () => {
    const { port, steps } = await answering([]);
    const create = new dimse.NCreateRequest(MPPS, '1.2.9');
    create.setDataset(
      new Dataset({
        PerformedProcedureStepStatus: 'IN PROGRESS',
        PatientName: 'Doe^John',
        ScheduledStepAttributesSequence: [{ StudyInstanceUID: '1.2.3' }],
      }),
    );
    const set = new dimse.NSetRequest(MPPS, '1.2.9');
    set.setDataset(
      new Dataset({
        PerformedProcedureStepStatus: 'COMPLETED',
        PerformedSeriesSequence: [
          {
            SeriesInstanceUID: '1.2.3.1',
            ReferencedImageSequence: [
              { ReferencedSOPClassUID: '1.2.840.10008.5.1.4.1.1.2', ReferencedSOPInstanceUID: '1.2.3.1.1' },
            ],
          },
        ],
      }),
    );
    const late = new dimse.NSetRequest(MPPS, '1.2.9');
    late.setDataset(new Dataset({ PerformedProcedureStepStatus: 'DISCONTINUED' }));
    assert.deepEqual(await send(port, create, set, late), [0, 0, 0x0110]);
    await until(() => steps.length === 2, 'the messages');
    assert.deepEqual(steps[1]?.message.study, {
      StudyInstanceUID: '1.2.3',
      expected: 1,
      instances: ['1.2.3.1.1'],
    });
  });

  it('finds studies', async () => {
    const { port } = await answering([{ StudyInstanceUID: '1.2.3' }]);
    const find = dimse.CFindRequest.createStudyFindRequest({ PatientID: '12345', StudyInstanceUID: '' });
    assert.deepEqual(await send(port, find), [0xff00, 0]);
    assert.equal(STUDY_ROOT, '1.2.840.10008.5.1.4.1.2.2.1');
  });
});
