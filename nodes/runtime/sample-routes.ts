import type { Request, Response } from 'express';
import type { NodeAPI } from 'node-red';
import { builtInSample, convertSampleFile } from '../../src/receiver';
import { DICOM_IN, SAMPLE_FILE_LIMIT, type DicomInSettings } from '../../src/settings';
import { deployedNodes } from './deployed-nodes';
import { Uploads, type UploadFailure } from './uploads';

/** Conversions at a time: each may hold a file of the limit's size. Uploads that are under way are not among them. */
const MAX_CONVERSIONS = 2;
let conversions = 0;
const uploads = new Uploads({
  fileBytes: SAMPLE_FILE_LIMIT,
  totalBytes: 2 * SAMPLE_FILE_LIMIT,
  uploads: 8,
  silenceMs: 10_000,
  durationMs: 120_000,
});
const REFUSALS: Readonly<Record<UploadFailure, [status: number, problem: string, message: string]>> = {
  tooLarge: [413, 'fileTooLarge', `the file has more than ${SAMPLE_FILE_LIMIT} bytes`],
  tooSlow: [408, 'tooSlow', 'the file did not come in time'],
  gaveWay: [503, 'busy', 'other samples are being made'],
  interrupted: [400, 'interrupted', 'the upload was interrupted'],
};

/**
 * Admin routes for sample messages: the built-in one, one made of a file, and sending a node's own into its flow. The
 * options of the first two are the dialog's, as the query. A file is never stored. Called once, when the module is loaded.
 */
export function registerSampleRoutes(RED: NodeAPI): void {
  const read = RED.auth.needsPermission('dicom-in.read');
  const write = RED.auth.needsPermission('dicom-in.write');
  RED.httpAdmin.get('/dicom-in/sample', read, (request, response) => {
    response.json(builtInSample(settingsOf(request)));
  });
  RED.httpAdmin.post('/dicom-in/sample', write, (request, response) => {
    convertUpload(request, response).catch((error: unknown) => {
      response.status(500).json({ message: error instanceof Error ? error.message : String(error) });
    });
  });
  RED.httpAdmin.post('/dicom-in/:id/sample', write, (request, response) => {
    const { id = '' } = request.params as { id?: string };
    const node = deployedNodes.get(id);
    if (node === undefined) {
      response.status(404).json({ message: 'no dicom-in node of this id is deployed' });
      return;
    }
    try {
      node.sendSample();
      response.sendStatus(204);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      response.status(422).json({ problem: 'notJson', message: error.message });
    }
  });
}

/** What the dialog says, deployed or not; what it says wrong has its default. */
function settingsOf(request: Request): DicomInSettings {
  return DICOM_IN.parse(request.query).settings;
}

async function convertUpload(request: Request, response: Response): Promise<void> {
  const refuse = (status: number, problem: string, message: string): void => {
    // The rest is read and dropped: who is still sending would not see the answer otherwise.
    request.resume();
    if (status === 408) response.set('Connection', 'close');
    response.status(status).json({ problem, message });
  };
  // A form of another site cannot send this type without asking first.
  if (request.is('application/octet-stream') === false) {
    return refuse(415, 'notBytes', 'the file must be sent as application/octet-stream');
  }
  const file = await uploads.read(request);
  if (typeof file === 'string') return refuse(...REFUSALS[file]);
  if (conversions >= MAX_CONVERSIONS) return refuse(...REFUSALS.gaveWay);
  conversions += 1;
  try {
    const placeholders = request.query['placeholders'] !== 'false';
    const outcome = await convertSampleFile({ file, settings: settingsOf(request), placeholders });
    if ('message' in outcome) response.type('application/json').send(outcome.message);
    else response.status(422).json({ problem: outcome.problem, message: outcome.reason });
  } finally {
    conversions -= 1;
  }
}
