import {
  DICOM_IN,
  PORT_WITHOUT_PRIVILEGE,
  isEnvironmentReference,
  type DicomInField as FieldName,
  type Finding,
} from '../../../src/settings';
import { mayUseLowPorts } from './initial';
import type { EditorNode } from '../../editor/red';
import { findingText, text } from './text';

/** A remark about one field in words, as shown under it. */
export interface Remark {
  severity: Finding['severity'];
  text: string;
  /** A value that would do, offered for one click. */
  instead?: string;
}

/** Looks up a field's value: in the open dialog, or in the node. */
export type Values = (field: FieldName) => unknown;

const FIRST_PORT_WITHOUT_PRIVILEGE = 1024;

/** What is wrong with a field, or remarkable about it: its own check, the fields beside it, the nodes beside this one. */
export function remarks(node: EditorNode, field: FieldName, values: Values): Remark[] {
  const value = values(field);
  const findings = [
    ...DICOM_IN.check(field, value),
    ...DICOM_IN.checkTogether(chosen(values)).filter((problem) => problem.field === field),
  ];
  return [
    ...findings.map((finding) => ({ severity: finding.severity, text: findingText(finding) })),
    ...(field === 'port' && findings.length === 0 ? portHints(node, values) : []),
  ];
}

/** The selection of a configuration node holds `_ADD_` where none is chosen. */
function chosen(values: Values): Partial<Record<FieldName, unknown>> {
  const entries = DICOM_IN.names.map((field) => {
    const value = values(field);
    return [field, DICOM_IN.fields[field].kind === 'node' && value === '_ADD_' ? '' : value];
  });
  return Object.fromEntries(entries) as Partial<Record<FieldName, unknown>>;
}

function portHints(node: EditorNode, values: Values): Remark[] {
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
