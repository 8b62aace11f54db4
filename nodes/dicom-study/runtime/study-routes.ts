import { type AdminRoutes, parameter, RequestRefused } from '../../runtime/routes';
import type { StudyNode } from './study-node';

/** Shown at a time. */
const MOST_SHOWN = 200;

/** What is open, and what can be done about it. */
export function addStudyRoutes(routes: AdminRoutes<StudyNode>): void {
  routes.onNode('get', 'studies', async (node, _request, response) => {
    const studies = await studiesOf(node);
    response.json(await studies.openStudies(MOST_SHOWN));
  });
  routes.onNode('post', 'studies/:key/:action', async (node, request, response) => {
    const studies = await studiesOf(node);
    const [key, action] = [parameter(request, 'key'), parameter(request, 'action')];
    const act: Record<string, () => boolean | Promise<boolean>> = {
      fire: () => studies.fireNow(key),
      forget: () => node.forget(key),
      again: () => studies.repeat(key),
    };
    const found = Object.hasOwn(act, action) ? await act[action]?.() : false;
    response.sendStatus(found === true ? 204 : 404);
  });
}

async function studiesOf(node: StudyNode): ReturnType<StudyNode['ready']> {
  if (node.receiver === undefined)
    throw new RequestRefused(404, 'the node does not run because of its settings');
  return node.ready();
}
