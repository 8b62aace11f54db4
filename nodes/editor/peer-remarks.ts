import { isEnvironmentReference } from '../../src/settings';
import type { About } from './form';
import type { Remark } from './remarks';

/** Of the field `peer`: where a property has a validator, Node-RED does not look at its configuration node. */
export function peerRemarks<Name extends string>({ field, values, texts }: About<Name | 'peer'>): Remark[] {
  const id = values('peer');
  if (field !== 'peer' || id === '' || isEnvironmentReference(id)) return [];
  const peer = RED.nodes.node(String(id));
  if (peer == null) return [{ severity: 'error', text: texts.text('warning.peerGone') }];
  const isUsable = peer.d !== true && peer['valid'] !== false;
  return isUsable ? [] : [{ severity: 'error', text: texts.text('warning.peerUnusable') }];
}
