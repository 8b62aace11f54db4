import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { FlowNode } from '../support/node-red/node-red';
import { PACKAGE_DIR } from '../support/package/package-dir';

const FOLDER = join(PACKAGE_DIR, 'examples');
const EXAMPLES = readdirSync(FOLDER).map(
  (name) => [name, JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as FlowNode[]] as const,
);

/** The ports that a flow listens on, each once: two machines may listen on the same one. */
function listening(flow: readonly FlowNode[]): string[] {
  const listeners = flow.filter(
    ({ type, server }) => type === 'dicom-in' || (type === 'tcp in' && server === 'server'),
  );
  return [...new Set(listeners.map(({ port }) => String(port)))];
}

/** What others than examples listen on, as a flow that calls it has it. */
function called(flow: readonly FlowNode[]): string[] {
  return flow
    .filter(({ type }) => type === 'dicom-peer' || type === 'tcp request')
    .map(({ port }) => String(port));
}

describe('the examples, all imported into one Node-RED', () => {
  it('each has its own port', () => {
    const ports = EXAMPLES.flatMap(([, flow]) => listening(flow));
    assert.deepEqual(ports, [...new Set(ports)]);
    assert.ok(ports.length > 20);
  });

  it('none listens where another one calls a system of the hospital', () => {
    const ports = new Set(EXAMPLES.flatMap(([, flow]) => listening(flow)));
    assert.deepEqual(
      EXAMPLES.filter(([, flow]) => called(flow).some((port) => ports.has(port))).map(([name]) => name),
      [],
    );
  });

  it('call the archive by one name: that of Orthanc, as it is installed', () => {
    const titles = EXAMPLES.flatMap(([, flow]) =>
      flow
        .filter(
          ({ type, port, name }) => type === 'dicom-peer' && port === '4242' && name !== 'Research archive',
        )
        .map(({ calledAET }) => calledAET),
    );
    assert.ok(titles.length > 10);
    assert.deepEqual([...new Set(titles)], ['ORTHANC']);
  });
});
