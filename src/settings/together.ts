import { finding } from './checks';
import type { DicomInSettings } from './fields';
import type { Problem } from './parse';

/** The fields that are only right or wrong beside others; the dialog holds their values as text and booleans. */
export type FieldsTogether = Pick<
  DicomInSettings,
  | 'output'
  | 'directory'
  | 'tls'
  | 'requireClientCertificate'
  | 'includeCommonFieldsNode'
  | 'includeReportNode'
  | 'includeTagsNode'
>;

/** Findings about fields that do not fit each other, each at the field where it is put right. */
export function checkTogether(values: FieldsTogether): Problem[] {
  const problems: Problem[] = [];
  if (values.output === 'file' && values.directory.trim() === '') {
    problems.push({ field: 'directory', ...finding('directoryNeeded') });
  }
  if (values.requireClientCertificate && values.tls === '') {
    // Listening without the protection that was asked for would be worse than not listening.
    problems.push({ field: 'requireClientCertificate', ...finding('tlsNeeded') });
  }
  if (!values.includeCommonFieldsNode && !values.includeReportNode && !values.includeTagsNode) {
    problems.push({ field: 'includeTagsNode', ...finding('nothingIncluded', {}, 'warning') });
  }
  return problems;
}
