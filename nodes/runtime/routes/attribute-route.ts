import { attributes } from '../../../src/edit';
import type { AdminRoutes } from './admin-routes';

/** What the dictionary says does not change while Node-RED runs. */
const CACHED = 'private, max-age=3600';

/** `GET <type>/attributes`, for the completion in a dialog: keyword, tag and VR of what PS3.6 has. */
export function addAttributeRoute(routes: Pick<AdminRoutes<object>, 'on'>): void {
  routes.on('get', 'attributes', (_request, response) => {
    response.set('Cache-Control', CACHED).json(attributes());
  });
}
