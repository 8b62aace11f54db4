import { isEnvironmentReference, PORT_WITHOUT_PRIVILEGE, type DicomInField } from '../../../src/settings';
import type { About, EditorNode, Remark } from '../../editor';
import { MAY_USE_PORT_104 } from '../editor-settings';

const FIRST_PORT_WITHOUT_PRIVILEGE = 1024;

/** Whether the runtime may use DICOM's port 104: then any other below 1024, too. */
export function mayUseLowPorts(): boolean {
  return RED.settings[MAY_USE_PORT_104] === true;
}

/** What is remarkable about a port that is one: the nodes beside this one, and what the runtime may do. */
export function portRemarks({ node, field, values, found, texts }: About<DicomInField>): Remark[] {
  if (field !== 'port' || found.length > 0) return [];
  const { text } = texts;
  const port = asText(values('port'));
  const hints: Remark[] = [];
  const other = nodeOnSamePort(node, port, asText(values('bindAddress')));
  if (other !== undefined) {
    const name = asText(other['name']) || other.id;
    hints.push({ severity: 'warning', text: text('warning.portOfOtherNode', { port, name }) });
  }
  const isPrivileged = !isEnvironmentReference(port) && Number(port) < FIRST_PORT_WITHOUT_PRIVILEGE;
  if (isPrivileged && !mayUseLowPorts()) {
    const instead = String(PORT_WITHOUT_PRIVILEGE);
    hints.push({ severity: 'warning', text: text('warning.portPrivileged', { port }), instead });
  }
  return hints;
}

function nodeOnSamePort(node: EditorNode, port: string, address: string): EditorNode | undefined {
  return RED.nodes
    .filterNodes({ type: node.type })
    .filter((other) => other.id !== node.id && other.d !== true && !isOnDisabledTab(other))
    .find((other) => asText(other['port']) === port && overlaps(asText(other['bindAddress']), address));
}

function isOnDisabledTab(node: EditorNode): boolean {
  return node.z !== undefined && RED.nodes.workspace(node.z)?.disabled === true;
}

/** Two listeners get into each other's way on the same interface, or when one of them listens on all. */
function overlaps(one: string, other: string): boolean {
  return one === '' || other === '' || one === other;
}

function asText(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';
}
