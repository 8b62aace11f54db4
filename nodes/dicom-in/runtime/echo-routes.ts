import type { NodeAPI } from 'node-red';
import { deployedNodes } from '../../runtime/deployed-nodes';
import { answering, nodeId } from '../../runtime/routes';

/**
 * Admin route that calls a node's own port with C-ECHO. It takes the permission to write: it opens a connection. Called
 * once, when the module is loaded.
 */
export function registerEchoRoute(RED: NodeAPI): void {
  const write = RED.auth.needsPermission('dicom-in.write');
  RED.httpAdmin.post(
    '/dicom-in/:id/echo',
    write,
    answering(async (request, response) => {
      const node = deployedNodes.get(nodeId(request));
      if (node === undefined) {
        response.status(404).json({ message: 'no dicom-in node of this id is deployed' });
        return;
      }
      response.json((await node.echo()) ?? { outcome: 'notListening' });
    }),
  );
}
