import { finding, type Finding } from '../finding';
import { checkReplaced } from './environment';

type TemplateProblem = 'required' | 'variableNotReplaced' | 'templateKeyword' | 'templateTraversal';

/** A file name template: keywords in braces, `/` between folders, never a way out of the directory. */
export function checkFilenameTemplate(value: string): Finding<TemplateProblem>[] {
  const template = value.trim();
  if (template === '') return [finding('required')];
  const keywords = [...template.matchAll(/\{([^{}]*)\}/g)]
    .map((match) => match[1] ?? '')
    .filter((keyword) => !/^[A-Za-z][A-Za-z0-9]*$/.test(keyword))
    .map((token) => finding('templateKeyword', { token }));
  const findings: Finding<TemplateProblem>[] = [...checkReplaced(template), ...keywords];
  if (/[{}]/.test(template.replace(/\{[^{}]*\}/g, ''))) {
    findings.push(finding('templateKeyword', { token: template }));
  }
  const folders = template.split(/[/\\]/);
  if (folders.includes('..') || /^([/\\]|[A-Za-z]:)/.test(template)) {
    findings.push(finding('templateTraversal', { value: template }));
  }
  return findings;
}
