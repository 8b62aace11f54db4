import type { Request, Response } from 'express';
import type { NodeAPI } from 'node-red';
import { hasFailed } from '../../../src/edit';
import type { PictureTask } from '../../../src/image';
import { builtInSample, convertSampleFile } from '../../../src/sample';
import { DICOM_IN, SAMPLE_FILE_LIMIT, type DicomInSettings } from '../../../src/settings';
import { type AdminRoutes, RequestRefused } from '../../runtime/routes';
import { imageWorkerOf } from '../../runtime/image-worker';
import { type UploadFailure, Uploads } from './uploads';
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
 * Sample messages: the built-in one, one made of a file, its picture, and sending a node's own into its flow. The options of the first two
 * are the dialog's, as the query. A file is never stored.
 */
export function addSampleRoutes(
  RED: Pick<NodeAPI, 'events' | 'log'>,
  routes: AdminRoutes<ReceiverNode>,
): void {
  routes.on('get', 'sample', (request, response) => response.json(builtInSample(settingsOf(request))));
  routes.on('post', 'sample', (request, response) =>
    withUpload(request, response, (file) => convertUpload(file, request, response)),
  );
  routes.on('post', 'sample-picture', (request, response) =>
    withUpload(request, response, (file) => pictureOfUpload(RED, file, response)),
  );
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

/** Reads a file that is sent, and has something made of it, unless there is too much of that already. */
async function withUpload(
  request: Request,
  response: Response,
  use: (file: Uint8Array<ArrayBuffer>) => Promise<void>,
): Promise<void> {
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
    await use(file);
  } finally {
    conversions -= 1;
  }
}

async function convertUpload(
  file: Uint8Array<ArrayBuffer>,
  request: Request,
  response: Response,
): Promise<void> {
  const placeholders = request.query['placeholders'] !== 'false';
  const outcome = await convertSampleFile({ file, settings: settingsOf(request), placeholders });
  if ('message' in outcome) response.type('application/json').send(outcome.message);
  else throw new RequestRefused(422, outcome.reason, outcome.problem);
}

/** What stands beside the tree of a sample. */
const PICTURE: PictureTask = {
  format: 'png',
  frame: 'middle',
  longestEdge: 320,
  window: { kind: 'object' },
  overlays: false,
};

/** A small picture, which is nothing for diagnosis, or the reason why there is none; a document has none here. */
async function pictureOfUpload(
  RED: Pick<NodeAPI, 'events' | 'log'>,
  file: Uint8Array<ArrayBuffer>,
  response: Response,
): Promise<void> {
  const made = await imageWorkerOf(RED).pictures(
    { place: { kind: 'bytes', bytes: file } },
    undefined,
    PICTURE,
  );
  const [picture] = hasFailed(made) ? [] : made.pictures;
  if (picture?.width === undefined) {
    response.json({ reason: hasFailed(made) ? made.failure.text : 'it is a document' });
    return;
  }
  const { mediaType, data } = picture;
  response.json({ url: `data:${mediaType};base64,${Buffer.from(data).toString('base64')}` });
}
