import type { EditorNode } from './red.editor';

/** An object that could not be delivered, as the admin API lists it. */
export interface DeadLetter {
  id: string;
  /** ISO 8601; empty where it is not known. */
  at: string;
  why: string;
  deliveries: number;
}

export type DeadLetterAction = 'requeue' | 'discard';

export class RequestFailed extends Error {
  override readonly name = 'RequestFailed';

  constructor(
    /** Of HTTP; 0: there was no answer. */
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Whether the node runs, as far as the editor knows: only then is there somebody to ask about its dead letters. */
export function isRunning({ id }: EditorNode): boolean {
  const flow = RED.nodes.originalFlow() ?? [];
  const deployed = flow.find((node) => node.id === id);
  const tab = flow.find((node) => node.id === deployed?.z && node.type === 'tab');
  return deployed !== undefined && deployed.d !== true && tab !== undefined && tab['disabled'] !== true;
}

/** The dead letters of a node. @throws RequestFailed */
export async function listDeadLetters(nodeId: string): Promise<DeadLetter[]> {
  const body = (await request('GET', address(nodeId))) as { deadLetters: DeadLetter[] };
  return body.deadLetters;
}

/** One that is not there any more has had what was asked for, from somebody else. @throws RequestFailed */
export async function applyToDeadLetter(
  nodeId: string,
  letterId: string,
  action: DeadLetterAction,
): Promise<void> {
  const letter = `${address(nodeId)}/${encodeURIComponent(letterId)}`;
  try {
    if (action === 'requeue') await request('POST', `${letter}/requeue`);
    else await request('DELETE', letter);
  } catch (error) {
    if (!(error instanceof RequestFailed && error.status === 404)) throw error;
  }
}

/** Relative: Node-RED may be served below any path, and signs only such requests with the user's token. */
function address(nodeId: string): string {
  return `dicom-in/${encodeURIComponent(nodeId)}/dead-letters`;
}

function request(method: 'GET' | 'POST' | 'DELETE', url: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    $.ajax({ method, url })
      .done((body: unknown) => resolve(body))
      .fail(({ status, responseJSON }: JQuery.jqXHR<unknown>) => {
        const message = (responseJSON as { message?: unknown } | undefined)?.message;
        reject(new RequestFailed(status, typeof message === 'string' ? message : `HTTP ${status}`));
      });
  });
}
