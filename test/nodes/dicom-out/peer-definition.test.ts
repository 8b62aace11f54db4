import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { NodeAPI } from 'node-red';
import { hostLookup } from '../../../nodes/dicom-out/runtime/host-lookup';
import {
  definedPeer,
  definitionId,
  readDefinition,
  WrongDefinition,
} from '../../../nodes/dicom-out/runtime/peer-definition';

/** Node-RED's core `tls-config` nodes, as far as they are asked. */
const CONFIGS = [
  { id: 'a', type: 'tls-config', name: 'Clinic', servername: undefined },
  { id: 'b', type: 'tls-config', name: 'Named', servername: 'archive.example.org' },
  { id: 'c', type: 'tls-config', name: 'Twice' },
  { id: 'd', type: 'tls-config', name: 'Twice' },
  { id: 'e', type: 'mqtt-broker', name: 'Broker' },
];
const RED = {
  _: (key: string) => key,
  nodes: {
    eachNode: (look: (node: object) => void) => CONFIGS.forEach(look),
    getNode: (id: string) => {
      const config = CONFIGS.find((each) => each.id === id);
      return config && { valid: true, addTLSOptions: () => ({ ca: 'CA', servername: config.servername }) };
    },
  },
} as unknown as NodeAPI;

const HERE = { host: 'pacs.example.org', port: 104 };

describe('a peer that a message defines', () => {
  it('is connected to by the address that was looked at, with a certificate for its name', () => {
    const definition = readDefinition(RED, { ...HERE, tls: 'Clinic' });
    assert.equal(definition.tls, 'a');
    const { settings, tls } = definedPeer(RED, 'id', definition, '10.1.2.3');
    assert.equal(settings.host, '10.1.2.3');
    assert.deepEqual(tls, { ca: 'CA', serverName: 'pacs.example.org', rejectUnauthorized: true });
  });

  it('may have another name in its certificate: by its TLS configuration, or its definition', () => {
    const named = (more: object): unknown => {
      const definition = readDefinition(RED, { ...HERE, ...more });
      return definedPeer(RED, 'id', definition, '10.1.2.3').tls?.serverName;
    };
    assert.equal(named({ tls: 'b' }), 'archive.example.org');
    assert.equal(named({ tls: 'a', tlsServerName: 'other.example.org' }), 'other.example.org');
  });

  it('has a TLS configuration only by a name or id that is one and one only', () => {
    for (const tls of ['Twice', 'nobody', 'e', 'Broker', 'toString'])
      assert.throws(() => readDefinition(RED, { ...HERE, tls }), WrongDefinition, tls);
  });

  it('is the same where the same is said, in whatever order and form', () => {
    const id = (value: object): string => definitionId(readDefinition(RED, value));
    assert.equal(id({ host: 'a', port: 104 }), id({ port: '104', host: 'a' }));
    assert.equal(id({ host: 'a', tls: 'a' }), id({ host: 'a', tls: 'Clinic' }));
    assert.notEqual(id({ host: 'a' }), id({ host: 'b' }));
  });
});

describe('a host that is looked up', () => {
  it('has all its addresses; an address has itself; a name that nobody knows is an error', async () => {
    assert.deepEqual(await hostLookup.addresses('10.1.2.3'), ['10.1.2.3']);
    const found = await Promise.all(['localhost', 'localhost'].map((host) => hostLookup.addresses(host)));
    for (const addresses of found) assert.ok(addresses.some((each) => ['127.0.0.1', '::1'].includes(each)));
    await assert.rejects(hostLookup.addresses('no-such-host.invalid'), { code: /ENOTFOUND|EAI_AGAIN/ });
  });
});
