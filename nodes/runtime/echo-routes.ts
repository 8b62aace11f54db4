import type { NodeAPI } from 'node-red';
import { deployedNodes } from './deployed-nodes';

/**
 * Admin route that calls a node's own port with C-ECHO. It takes the permission to write: it opens a connection. Called
 * once, when the module is loaded.
 */
export function registerEchoRoute(RED: NodeAPI): void {
  const write = RED.auth.needsPermission('dicom-in.write');
  RED.httpAdmin.post('/dicom-in/:id/echo', write, (request, response) => {
    const { id = '' } = request.params as { id?: string };
    const node = deployedNodes.get(id);
    if (node === undefined) {
      response.status(404).json({ message: 'no dicom-in node of this id is deployed' });
      return;
    }
    const echo = node.echo();
    if (echo === undefined) {
      response.json({ outcome: 'notListening' });
      return;
    }
    echo
      .then((outcome) => response.json(outcome))
      .catch((error: unknown) => {
        response.status(500).json({ message: error instanceof Error ? error.message : String(error) });
      });
  });
}
