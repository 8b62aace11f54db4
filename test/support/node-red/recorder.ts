import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a flow got, as the `recorder` node wrote it down. */
export interface Recorded {
  uid: string;
  redelivered: number;
  /** SHA-256 of the data set; '' where the message does not carry the object. */
  hash: string;
  /** Why it was not sent; '': that is not said. */
  error: string;
}

/**
 * A node for tests that writes down each message synchronously: what it has seen, it has seen, whatever becomes of the
 * process in the next moment. Its `file` is the path.
 */
export function installRecorder(userDir: string): void {
  const folder = join(userDir, 'nodes');
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'recorder.js'),
    `const { appendFileSync } = require('node:fs');
const { createHash } = require('node:crypto');
module.exports = (RED) => {
  RED.nodes.registerType('recorder', function (config) {
    RED.nodes.createNode(this, config);
    this.on('input', (msg, send, done) => {
      const { sopInstanceUID, redelivered, object, size } = msg.dicom;
      const hash = object ? createHash('sha256').update(object.subarray(object.length - size)).digest('hex') : '';
      appendFileSync(config.file, [sopInstanceUID, redelivered, hash, msg.error ? msg.error.message : ''].join(' ') + '\\n');
      send(msg);
      done();
    });
  });
};
`,
  );
  writeFileSync(
    join(folder, 'recorder.html'),
    `<script type="text/javascript">RED.nodes.registerType('recorder', { category: 'test', defaults: { file: { value: '' } },
  inputs: 1, outputs: 1 });</script>\n`,
  );
}

/** A line that was cut off by the end of the process counts for nothing. */
export function readRecords(file: string): Recorded[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split(' '))
    .map(([uid = '', redelivered = '', hash = '', ...error]) => ({
      uid,
      redelivered: Number(redelivered),
      hash,
      error: error.join(' '),
    }));
}
