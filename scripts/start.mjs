// npm start: a real Node-RED with this package, the first example flow, and one DICOM object sent through it.
//   npm start            stays up until Ctrl-C
//   npm start -- --once  ends after the first message: exit code 0 if it came out of the flow, else 1
// The user directory is .node-red in this repository; delete it to begin anew.
// Environment: PORT (editor, default 1880), DICOM_PORT (default 11112).
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import dimse from 'dcmjs-dimse';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const once = process.argv.includes('--once');
const userDir = join(root, '.node-red', once ? 'once' : 'demo');
const EXAMPLE = join(root, 'examples', '01 Receive and show.json');
const SAMPLE = join(root, 'test', 'fixtures', 'sample-ct.dcm');
const MESSAGE_TIMEOUT_MS = 30_000;

if (!existsSync(join(root, 'dist', 'nodes', 'dicom-in', 'dicom-in.js'))) {
  const built = spawnSync(process.execPath, [join(root, 'scripts', 'build.mjs')], { stdio: 'inherit' });
  if (built.status !== 0) process.exit(1);
}
await main().catch((error) => {
  console.error(`\nnpm start: ${error.message}`);
  process.exit(1);
});

async function main() {
  const editorPort = await freePort(Number(process.env.PORT ?? 1880), 'the editor (set PORT to choose)');
  const dicomPort = await freePort(
    Number(process.env.DICOM_PORT ?? 11112),
    'DICOM (set DICOM_PORT to choose)',
  );
  const receiver = prepareUserDir(dicomPort);
  const { RED, server } = await startNodeRed(editorPort);

  let stopping = false;
  const stop = async (code) => {
    if (stopping) return;
    stopping = true;
    await RED.stop();
    server.close();
    process.exit(code);
  };
  process.on('SIGINT', () => void stop(0));
  process.on('SIGTERM', () => void stop(0));

  console.log(`\nEditor:  http://127.0.0.1:${editorPort}/`);
  console.log(`DICOM:   ${receiver.ourAET} at port ${receiver.port}\n`);
  try {
    const message = await sendSample(RED, receiver);
    console.log('The DicomMessage JSON that came out of the flow (msg.payload):\n');
    console.log(JSON.stringify(message.payload, null, 2));
    const { callingAET, remoteAddress, sopClassName, size } = message.dicom;
    console.log(`\nReceived from ${callingAET} at ${remoteAddress}: ${sopClassName}, ${size} bytes.`);
    if (once) return await stop(0);
  } catch (error) {
    console.error(`No message came out of the flow: ${error.message}`);
    if (once) return await stop(1);
  }
  console.log(
    `\nOpen http://127.0.0.1:${editorPort}/ and send more: dcmsend localhost ${receiver.port} image.dcm`,
  );
  console.log('Ctrl-C ends it.');
}

/** The port, or a free one with a word about it when it is taken. */
async function freePort(port, purpose) {
  const listen = (wanted) =>
    new Promise((resolve, reject) => {
      const probe = createServer().once('error', reject);
      probe.listen(wanted, () => {
        const { port: got } = probe.address();
        probe.close(() => resolve(got));
      });
    });
  try {
    return await listen(port);
  } catch (error) {
    const free = await listen(0);
    console.log(`Port ${port} for ${purpose} cannot be used (${error.code}); using ${free} instead.`);
    return free;
  }
}

/** A user directory with this package installed as a link, and the example flow in it; the user's own changes stay. */
function prepareUserDir(dicomPort) {
  if (once) rmSync(userDir, { recursive: true, force: true });
  const modules = join(userDir, 'node_modules');
  mkdirSync(modules, { recursive: true });
  const link = join(modules, 'node-red-contrib-dicom');
  if (!existsSync(link)) symlinkSync(root, link, 'junction');
  const dependencies = { 'node-red-contrib-dicom': `file:${root}` };
  writeFileSync(join(userDir, 'package.json'), JSON.stringify({ name: 'demo', private: true, dependencies }));

  const flowFile = join(userDir, 'flows.json');
  const flows = JSON.parse(readFileSync(existsSync(flowFile) ? flowFile : EXAMPLE, 'utf8'));
  const receiver = flows.find(({ type }) => type === 'dicom-in');
  if (receiver === undefined) throw new Error(`${flowFile} has no dicom-in node; delete it to begin anew`);
  receiver.port = String(dicomPort);
  writeFileSync(flowFile, JSON.stringify(flows, null, 2));
  return receiver;
}

async function startNodeRed(port) {
  const RED = createRequire(import.meta.url)('node-red');
  const server = createHttpServer((request, response) => RED.httpAdmin(request, response));
  RED.init(server, {
    userDir,
    flowFile: 'flows.json',
    credentialSecret: false,
    httpAdminRoot: '/',
    httpNodeRoot: '/',
    uiPort: port,
    uiHost: '127.0.0.1',
    telemetry: { enabled: false },
    editorTheme: { tours: false },
    logging: { console: { level: 'info', metrics: false, audit: false } },
  });
  await RED.start();
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return { RED, server };
}

/** Sends the sample as a modality would, and resolves with the message that reaches the example's debug node. */
async function sendSample(RED, receiver) {
  const arrived = new Promise((resolve, reject) => {
    setTimeout(
      () => reject(new Error(`nothing within ${MESSAGE_TIMEOUT_MS / 1000} s`)),
      MESSAGE_TIMEOUT_MS,
    ).unref();
    RED.hooks.add('onReceive.demo', ({ msg, destination }) => {
      if (destination.node.type === 'debug' && msg.dicom !== undefined) resolve(msg);
    });
  });
  await untilItAnswers(receiver);
  await cStore(receiver);
  return arrived;
}

/** The node begins to listen once the flows have started: asks with C-ECHO until it answers. */
async function untilItAnswers(receiver) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await request(receiver, new dimse.requests.CEchoRequest());
    } catch (error) {
      if (attempt === 50) {
        throw new Error(`port ${receiver.port} does not answer C-ECHO: ${error.message}`, { cause: error });
      }
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

async function cStore(receiver) {
  const status = await request(receiver, new dimse.requests.CStoreRequest(SAMPLE));
  if (status !== 0) throw new Error(`C-STORE was answered with status ${status.toString(16)}`);
}

/** One request in one association; resolves with the status of its response. */
function request(receiver, dimseRequest) {
  dimse.log.setLevel('silent');
  return new Promise((resolve, reject) => {
    let status;
    dimseRequest.on('response', (response) => (status = response.getStatus()));
    const client = new dimse.Client();
    client.addRequest(dimseRequest);
    client.on('networkError', reject);
    client.on('associationRejected', ({ reason }) =>
      reject(new Error(`association rejected, reason ${reason}`)),
    );
    client.on('closed', () => (status === undefined ? reject(new Error('no response')) : resolve(status)));
    client.send('127.0.0.1', Number(receiver.port), 'DEMO_SCU', receiver.ourAET);
  });
}
