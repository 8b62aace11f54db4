import { randomBytes } from 'node:crypto';
import type { AdminRoutes } from '../../runtime/routes';
import type { DeidentifyNode } from './deidentify-node';
import { fingerprintOf } from './fingerprint';

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
