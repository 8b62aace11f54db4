import { request, RequestFailed, type EditorNode } from '../../editor';
import { ourAddress, text, whyFailed } from './form';

const SHOWN_MS = 2_000;

/** The node's button in the workspace: sends its sample message into the flow, as `inject` sends its own. */
export async function sendSample(node: EditorNode, label: string): Promise<void> {
  // What would be sent is not what the node has here, or the node is not there at all.
  if (node['changed'] === true) return notify('warning', text('button.undeployed'));
  try {
    await request('POST', ourAddress(node.id, 'sample'));
    notify('success', `${text('button.sent')} ${label}`);
  } catch (error) {
    notify('error', `${text('button.notSent')} ${reason(error)}`);
  }
}

function reason(error: unknown): string {
  return error instanceof RequestFailed && error.problem === 'notJson'
    ? text('button.notJson')
    : whyFailed(error);
}

/** Names are the user's: no HTML. */
function notify(type: 'success' | 'warning' | 'error', words: string): void {
  const options = type === 'success' ? { type, id: 'dicom-in-sample', timeout: SHOWN_MS } : { type };
  RED.notify($('<p>').text(words), options);
}
