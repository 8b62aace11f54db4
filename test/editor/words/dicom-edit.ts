import { EDIT_ERRORS, type EditFailure } from '../../../nodes/dicom-edit/runtime/edit-error';
import { type DicomEditProblem, RULE_OPS, RULE_TESTS } from '../../../src/settings';
import { type TypeWords, withCodes } from './type-words';

export const words: TypeWords = {
  problems: {
    notAChoice: true,
    variableNotReplaced: true,
    notAbsolute: true,
    unknownVersion: true,
    rulesNotAList: true,
    tooManyRules: true,
    notARule: true,
    ruleWithoutPath: true,
    ruleWithoutValue: true,
    ruleNotANumber: true,
    ruleNotJson: true,
    ruleNotDays: true,
    rulePatternTooLong: true,
    ruleTextTooLong: true,
  } satisfies Record<DicomEditProblem['code'], true>,
  errors: withCodes<EditFailure>(
    {
      settingsInvalid: true,
      noObject: true,
      objectGone: true,
      notTheObject: true,
      notRead: true,
      noValue: true,
      notChanged: true,
      notStored: true,
      tooLarge: true,
      busy: true,
      stopped: true,
    },
    EDIT_ERRORS.codeOf,
  ),
  status: ['settings'],
  keys: [
    ...['label', ...RULE_OPS].map((op) => `rule.op.${op}`),
    ...['label', ...RULE_TESTS].map((each) => `rule.test.${each}`),
  ],
};
