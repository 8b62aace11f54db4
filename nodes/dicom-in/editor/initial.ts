import { DICOM_IN, PORT_WITHOUT_PRIVILEGE, type Field } from '../../../src/settings';
import type { EditorNode } from '../../editor/red';

/**
 * Gives a node what one from the palette begins with, where that is not the default. The literal defaults in the html stay
 * what their absence in a flow means, so that nothing changes for flows that are pasted, imported, or taken back by undo:
 * those nodes are in the workspace already when Node-RED tells of them, or it does not tell at all.
 */
export function startNew(node: EditorNode): void {
  // `!= null`: an older editor gives null for a node that it does not have.
  if (RED.nodes.node(node.id) != null) return;
  for (const name of DICOM_IN.names) {
    const { initial }: Field = DICOM_IN.fields[name];
    if (initial !== undefined) node[name] = initial;
  }
  if (!mayUseLowPorts()) node['port'] = PORT_WITHOUT_PRIVILEGE;
}

/** Whether the runtime may use DICOM's port 104: then any other below 1024, too. */
export function mayUseLowPorts(): boolean {
  return RED.settings.dicomInMayUsePort104 === true;
}
