import type { NodeAPI } from 'node-red';
import { PROMETHEUS_CONTENT_TYPE, prometheusText } from './prometheus';
import { statsOfNodes } from './receiver-stats';

/** Admin routes for counters: one node as JSON, all nodes for Prometheus. Called once, when the module is loaded. */
export function registerStatsRoutes(RED: NodeAPI): void {
  const read = RED.auth.needsPermission('dicom-in.read');
  RED.httpAdmin.get('/dicom-in/metrics', read, (_request, response) => {
    const nodes = [...statsOfNodes.values()].map((stats) => stats.toJSON());
    response.type(PROMETHEUS_CONTENT_TYPE).send(prometheusText(nodes));
  });
  RED.httpAdmin.get('/dicom-in/:id/stats', read, (request, response) => {
    const { id = '' } = request.params as { id?: string };
    const stats = statsOfNodes.get(id);
    if (stats === undefined)
      response.status(404).json({ message: 'no dicom-in node of this id is deployed' });
    else response.json(stats);
  });
}
