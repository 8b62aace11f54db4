import type { Request, Response } from 'express';
import type { NodeAPI } from 'node-red';
import { builtInSample, convertSampleFile } from '../../src/receiver';
import { parseSettings, SAMPLE_FILE_LIMIT } from '../../src/settings';
import { deployedNodes } from './deployed-nodes';

/** Conversions at a time: each may need several times its file's memory. */
const MAX_CONVERSIONS = 2;
let conversions = 0;
/** Files on their way at a time: each may hold the limit's size. */
const MAX_UPLOADS = 8;
let uploads = 0;
/** An upload that brings nothing for so long, or takes so long, does not keep its place. */
const UPLOAD_SILENCE_MS = 5_000;
const UPLOAD_MS = 60_000;

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
function settingsOf(request: Request): ReturnType<typeof parseSettings>['settings'] {
  return parseSettings(request.query).settings;
}

async function convertUpload(request: Request, response: Response): Promise<void> {
  const refuse = (status: number, problem: string, message: string): void => {
    // The rest is read and dropped: who is still sending would not see the answer otherwise.
    request.resume();
    response.status(status).json({ problem, message });
  };
  // A form of another site cannot send this type without asking first.
  if (request.is('application/octet-stream') === false) {
    return refuse(415, 'notBytes', 'the file must be sent as application/octet-stream');
  }
  if (uploads >= MAX_UPLOADS) return refuse(503, 'busy', 'other samples are being made');
  const file = await upload(request);
  if (file === 'tooLarge') {
    return refuse(413, 'fileTooLarge', `the file has more than ${SAMPLE_FILE_LIMIT} bytes`);
  }
  if (file === 'tooSlow') {
    // Who sends nothing would keep the connection.
    response
      .set('Connection', 'close')
      .status(408)
      .json({ problem: 'tooSlow', message: 'the file did not arrive' });
    request.destroy();
    return;
  }
  if (conversions >= MAX_CONVERSIONS) return refuse(503, 'busy', 'other samples are being made');
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

type Upload = Uint8Array<ArrayBuffer> | 'tooLarge' | 'tooSlow';

async function upload(request: Request): Promise<Upload> {
  uploads += 1;
  try {
    return await readBody(request);
  } finally {
    uploads -= 1;
  }
}

/** The whole body in memory of its own. */
async function readBody(request: Request): Promise<Upload> {
  if (Number(request.headers['content-length']) > SAMPLE_FILE_LIMIT) return 'tooLarge';
  const chunks: Buffer[] = [];
  let size = 0;
  const end = await new Promise<'whole' | 'tooLarge' | 'tooSlow'>((resolve, reject) => {
    const silence = setTimeout(() => resolve('tooSlow'), UPLOAD_SILENCE_MS);
    const deadline = setTimeout(() => resolve('tooSlow'), UPLOAD_MS);
    request.on('data', (chunk: Buffer) => {
      silence.refresh();
      size += chunk.length;
      if (size <= SAMPLE_FILE_LIMIT) chunks.push(chunk);
      else resolve('tooLarge');
    });
    request.once('end', () => resolve('whole'));
    request.once('error', reject);
    request.once('aborted', () => reject(new Error('the upload was interrupted')));
    request.once('close', () => [silence, deadline].forEach(clearTimeout));
  });
  return end === 'whole' ? joined(chunks, size) : end;
}

function joined(chunks: readonly Buffer[], size: number): Uint8Array<ArrayBuffer> {
  const file = new Uint8Array(size);
  let end = 0;
  for (const chunk of chunks) {
    file.set(chunk, end);
    end += chunk.length;
  }
  return file;
}
