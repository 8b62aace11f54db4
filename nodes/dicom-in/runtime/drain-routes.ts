import type { Request } from 'express';
import { RequestLimit } from './request-limit';
import { type AdminRoutes, parameter, RequestRefused } from '../../runtime/routes';
import { deployedNodes } from '../../runtime/deployed-nodes';
import { ReceiverNode } from './receiver-node';

const DEFAULT_SECONDS = 60;
const MAX_SECONDS = 86_400;
/** Of one address. Load balancers ask once in one or two seconds, for each node. */
const HEALTH_LIMITS = { windowMs: 10_000, each: 500, addresses: 1_000 };

/** For load balancers, and for who takes a machine out of service. */
export function addDrainRoutes(routes: AdminRoutes<ReceiverNode>): void {
  const limit = new RequestLimit(HEALTH_LIMITS);
  routes.onOpen(':id/health', (request, response) => {
    const isHealthy =
      limit.passes(request.socket.remoteAddress ?? '') &&
      deployedNodes.get(parameter(request, 'id'), ReceiverNode)?.isHealthy === true;
    response
      .set('Cache-Control', 'no-store')
      .status(isHealthy ? 200 : 503)
      .end();
  });
  routes.onNode('post', 'drain', async (node, request, response) => {
    const seconds = graceSeconds(request);
    const openAssociations = await node.drain(seconds);
    response.json({ openAssociations, abortedAfterSeconds: seconds });
  });
}

/** @throws RequestRefused */
function graceSeconds({ query }: Request): number {
  const { seconds } = query;
  if (seconds === undefined) return DEFAULT_SECONDS;
  const isNumber = typeof seconds === 'string' && /^\d{1,5}$/.test(seconds) && Number(seconds) <= MAX_SECONDS;
  if (!isNumber) throw new RequestRefused(400, `seconds has to be a number from 0 to ${MAX_SECONDS}`);
  return Number(seconds);
}
