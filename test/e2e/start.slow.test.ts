import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { freePort } from '../support/machine/free-port';
import { PACKAGE_DIR } from '../support/package/package-dir';

interface Ended {
  code: number | null;
  output: string;
}

/** Runs `npm start`'s script; `when` matches the output, `signal` is sent. */
async function start(args: string[], interrupt?: RegExp): Promise<Ended> {
  const [port, dicomPort] = await Promise.all([freePort(), freePort()]);
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(PACKAGE_DIR, 'scripts', 'start.mjs'), ...args], {
      env: { ...process.env, PORT: String(port), DICOM_PORT: String(dicomPort) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const take = (chunk: Buffer): void => {
      output += chunk.toString();
      if (interrupt?.test(output)) child.kill('SIGINT');
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
}

describe('npm start', () => {
  it('prints the message that came out of the flow, and with --once ends with 0', async () => {
    const { code, output } = await start(['--once']);
    assert.equal(code, 0, output);
    assert.match(output, /Editor: {2}http:\/\/127\.0\.0\.1:\d+\//);
    assert.match(output, /"PatientID": "12345"/);
    assert.match(output, /"InstitutionName": "Beispielklinik Köln"/);
  });

  it('stays up until Ctrl-C, and then ends cleanly', async () => {
    const { code, output } = await start([], /Ctrl-C ends it/);
    assert.equal(code, 0, output);
    assert.match(output, /Stopped flows/);
  });
});
