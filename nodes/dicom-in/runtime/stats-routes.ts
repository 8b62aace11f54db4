import type { NodeAPI } from 'node-red';
import { PROMETHEUS_CONTENT_TYPE, prometheusText } from './prometheus';
import { statsOfNodes } from './receiver-stats';
import { answering, nodeId } from '../../runtime/routes';

/** Admin routes for counters: one node as JSON, all nodes for Prometheus. Called once, when the module is loaded. */
export function registerStatsRoutes(RED: NodeAPI): void {
  const read = RED.auth.needsPermission('dicom-in.read');
  RED.httpAdmin.get(
    '/dicom-in/metrics',
    read,
    answering((_request, response) => {
      const nodes = [...statsOfNodes.values()].map((stats) => stats.toJSON());
      response.type(PROMETHEUS_CONTENT_TYPE).send(prometheusText(nodes));
    }),
  );
  RED.httpAdmin.get(
    '/dicom-in/:id/stats',
    read,
    answering((request, response) => {
      const stats = statsOfNodes.get(nodeId(request));
      if (stats === undefined)
        response.status(404).json({ message: 'no dicom-in node of this id is deployed' });
      else response.json(stats);
    }),
  );
}
