import type { AdminRoutes } from '../../runtime/routes';
import type { ReceiverNode } from './receiver-node';

/** Calls a node's own port with C-ECHO. It takes the permission to write: it opens a connection. */
export function addEchoRoute(routes: AdminRoutes<ReceiverNode>): void {
  routes.onNode('post', 'echo', async (node, _request, response) => {
    response.json((await node.echo()) ?? { outcome: 'notListening' });
  });
}
