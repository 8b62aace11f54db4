import type { Request, Response } from 'express';
import { builtInSample, convertSampleFile } from '../../../src/sample';
import { DICOM_IN, SAMPLE_FILE_LIMIT, type DicomInSettings } from '../../../src/settings';
import { RequestRefused, type AdminRoutes } from '../../runtime/admin-routes';
import { Uploads, type UploadFailure } from '../../runtime/uploads';
import type { ReceiverNode } from './receiver-node';

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
 * Sample messages: the built-in one, one made of a file, and sending a node's own into its flow. The options of the first two
 * are the dialog's, as the query. A file is never stored.
 */
export function addSampleRoutes(routes: AdminRoutes<ReceiverNode>): void {
  routes.on('get', 'sample', (request, response) => response.json(builtInSample(settingsOf(request))));
  routes.on('post', 'sample', convertUpload);
  routes.onNode('post', 'sample', (node, _request, response) => {
    try {
      node.sendSample();
    } catch (error) {
      throw error instanceof SyntaxError ? new RequestRefused(422, error.message, 'notJson') : error;
    }
    response.sendStatus(204);
  });
}

/** What the dialog says, deployed or not; what it says wrong has its default. */
function settingsOf(request: Request): DicomInSettings {
  return DICOM_IN.parse(request.query).settings;
}

async function convertUpload(request: Request, response: Response): Promise<void> {
  const refuse = (status: number, problem: string, message: string): never => {
    // The rest is read and dropped: who is still sending would not see the answer otherwise.
    request.resume();
    if (status === 408) response.set('Connection', 'close');
    throw new RequestRefused(status, message, problem);
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
    else throw new RequestRefused(422, outcome.reason, outcome.problem);
  } finally {
    conversions -= 1;
  }
}
