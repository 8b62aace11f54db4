import type { EditorNode } from './red';
import type { Texts } from './texts';

export class RequestFailed extends Error {
  override readonly name = 'RequestFailed';

  constructor(
    /** Of HTTP; 0: there was no answer. */
    readonly status: number,
    message: string,
    /** What went wrong, where the route has names for that. */
    readonly problem?: string,
  ) {
    super(message);
  }
}

/** Whether the node runs, as far as the editor knows: only then is there somebody to ask. */
export function isRunning(node: EditorNode): boolean {
  return runningNode(node) !== undefined;
}

/** The node as it runs, which may differ from what stands in the editor. Undefined: it does not. */
export function runningNode({ id }: EditorNode): EditorNode | undefined {
  const flow = RED.nodes.originalFlow() ?? [];
  const deployed = flow.find((node) => node.id === id);
  const tab = flow.find((node) => node.id === deployed?.z && node.type === 'tab');
  const isOn = deployed?.d !== true && tab !== undefined && tab['disabled'] !== true;
  return isOn ? deployed : undefined;
}

/** Relative: Node-RED may be served below any path, and signs only such requests with the user's token. */
export function address(type: string, ...path: string[]): string {
  return [type, ...path].map(encodeURIComponent).join('/');
}

/** @param body a Blob is sent as it is, anything else as JSON. @throws RequestFailed */
export function request(
  method: 'GET' | 'POST' | 'DELETE',
  url: string,
  body?: Blob | Readonly<Record<string, unknown>>,
): Promise<unknown> {
  const upload = body && { ...encoded(body), processData: false };
  return new Promise((resolve, reject) => {
    $.ajax({ method, url, ...upload })
      .done((answer: unknown) => resolve(answer))
      .fail(({ status, responseJSON }: JQuery.jqXHR<unknown>) => {
        const { message, problem } = (responseJSON ?? {}) as { message?: unknown; problem?: unknown };
        const words = typeof message === 'string' ? message : `HTTP ${status}`;
        reject(new RequestFailed(status, words, typeof problem === 'string' ? problem : undefined));
      });
  });
}

function encoded(body: Blob | Readonly<Record<string, unknown>>): {
  data: Blob | string;
  contentType: string;
} {
  if (body instanceof Blob) return { data: body, contentType: 'application/octet-stream' };
  return { data: JSON.stringify(body), contentType: 'application/json' };
}

/** Why a request came to nothing, and what to do. The runtime's words are not put through the catalogue. */
export function failureText(error: unknown, { type, text }: Texts): string {
  const status = error instanceof RequestFailed ? error.status : undefined;
  if (status === 0) return text('request.noAnswer');
  if (status === 401 || status === 403) return text('request.notAllowed', { type });
  if (status === 404) return text('request.notRunning');
  return `${text('request.failed')} ${reasonOf(error)}`;
}

/** The words of what was thrown, which may be anything. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
