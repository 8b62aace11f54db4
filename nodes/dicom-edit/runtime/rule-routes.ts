import type { NodeAPI } from 'node-red';
import { ruleProblem } from '../../../src/edit';
import { DICOM_EDIT, MOST_RULES, readRule } from '../../../src/settings';
import { addAttributeRoute, AdminRoutes, RequestRefused } from '../../runtime/routes';
import { EditNode } from './edit-node';
import { ruleReason } from './rule-reasons';

/** For the dialog: the attributes that there are, and what is wrong with rules by what the runtime knows of them. */
export function addRuleRoutes(RED: NodeAPI): void {
  const routes = new AdminRoutes(RED, DICOM_EDIT.type, EditNode);
  addAttributeRoute(routes);
  // It changes nothing, but rules may be long.
  routes.on('post', 'check', (request, response) => {
    const { rules } = (request.body ?? {}) as { rules?: unknown };
    if (!Array.isArray(rules) || rules.length > MOST_RULES)
      throw new RequestRefused(400, `rules is an array of at most ${MOST_RULES}`);
    const problems = rules.map((raw: unknown) => {
      const rule = readRule(raw);
      const problem = rule === undefined ? undefined : ruleProblem(rule);
      return problem === undefined ? null : ruleReason(problem);
    });
    response.json({ problems });
  });
}
