import type { Node, NodeAPI } from 'node-red';
import type { PseudonymSource } from '../../../src/settings';
import type { ObjectMessage } from '../../runtime/objects';

/**
 * The pseudonym of an object's patient. Undefined: it is made of the Patient ID.
 * @param patientID reads it, where a context is asked for it
 * @returns an empty text where there is none: the object is kept back then
 */
export async function pseudonymOf(
  RED: NodeAPI,
  node: Node,
  source: PseudonymSource,
  message: ObjectMessage,
  patientID: () => Promise<string>,
): Promise<string | undefined> {
  switch (source.kind) {
    case 'hmac':
      return undefined;
    case 'msg':
      return asText(memberOf(message, source.property));
    case 'flow':
    case 'global': {
      const table = await inContext(RED, node, source.kind, source.property, message);
      const id = await patientID();
      const isKnown = typeof table === 'object' && table !== null && Object.hasOwn(table, id);
      return isKnown ? asText((table as Record<string, unknown>)[id]) : '';
    }
  }
}

function inContext(
  RED: NodeAPI,
  node: Node,
  kind: 'flow' | 'global',
  property: string,
  message: ObjectMessage,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    RED.util.evaluateNodeProperty(property, kind, node, message, (error, value: unknown) => {
      if (error === null || error === undefined) resolve(value);
      else reject(error);
    });
  });
}

/** Of an object that may not have it, nor what is before it. */
function memberOf(from: unknown, path: string): unknown {
  return path.split('.').reduce((value, name) => {
    const isThere = typeof value === 'object' && value !== null && Object.hasOwn(value, name);
    return isThere ? (value as Record<string, unknown>)[name] : undefined;
  }, from);
}

function asText(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
