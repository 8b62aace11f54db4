import { randomBytes } from 'node:crypto';
import { Identifiers } from '../../../src/dicom';
import type { AdminRoutes } from '../../runtime/admin-routes';
import type { DeidentifyNode } from './deidentify-node';

const SECRET_BYTES = 32;

/** A new secret, and the fingerprint of the one that is deployed: the secret itself never leaves Node-RED again. */
export function addSecretRoutes(routes: AdminRoutes<DeidentifyNode>): void {
  routes.on('post', 'secret', (_request, response) => {
    const secret = randomBytes(SECRET_BYTES).toString('base64url');
    response.json({ secret, fingerprint: fingerprintOf(secret) });
  });
  routes.onNode('get', 'fingerprint', (node, _request, response) => {
    response.json({ fingerprint: node.fingerprint ?? '' });
  });
}

/** By which two machines can see that they have the same secret. */
export function fingerprintOf(secret: string): string {
  return new Identifiers(Buffer.from(secret, 'utf8')).fingerprint;
}
