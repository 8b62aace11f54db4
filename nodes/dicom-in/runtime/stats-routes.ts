import type { AdminRoutes } from '../../runtime/routes';
import { deployedNodes } from '../../runtime/deployed-nodes';
import { PROMETHEUS_CONTENT_TYPE, prometheusText } from './prometheus';
import { ReceiverNode } from './receiver-node';

/** Counters: one node as JSON, all nodes for Prometheus. */
export function addStatsRoutes(routes: AdminRoutes<ReceiverNode>): void {
  routes.on('get', 'metrics', (_request, response) => {
    const stats = deployedNodes.all(ReceiverNode).map((node) => node.stats.toJSON());
    response.type(PROMETHEUS_CONTENT_TYPE).send(prometheusText(stats));
  });
  routes.onNode('get', 'stats', (node, _request, response) => response.json(node.stats));
}
