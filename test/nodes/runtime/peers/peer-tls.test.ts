import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, describe, it } from 'node:test';
import type { Node } from 'node-red';
import { peerTls } from '../../../../nodes/runtime/peers/peer-tls';
import { Certificates } from '../../../support/connections/certificates';

describe('the TLS configuration of a peer', () => {
  const certificates = new Certificates();
  after(() => certificates.remove());

  it('is tried at once: what is wrong with it is told in words', () => {
    const ca = certificates.authority('Clinic CA');
    const ours = certificates.issue('ours', ca);
    const pem = { key: readFileSync(certificates.encrypted(ours, 'right')), cert: readFileSync(ours.cert) };
    const tls = (options: object): Node => ({ valid: true, addTLSOptions: () => options }) as unknown as Node;
    const good = peerTls(tls({ ...pem, passphrase: 'right', ca: readFileSync(ca.cert) }), 'archive');
    assert.ok('options' in good);
    assert.deepEqual([good.options.serverName, good.options.rejectUnauthorized], ['archive', true]);
    const wrong = peerTls(tls({ ...pem, passphrase: 'wrong' }), '');
    assert.ok('problem' in wrong);
    assert.match(wrong.problem, /cannot be used: the passphrase of the private key is missing or wrong/);
  });
});
