import type { SampleProblem } from '../../../src/sample';

/** Why there is no sample of a file. */
const SAMPLE_PROBLEMS: Record<SampleProblem | 'fileTooLarge' | 'tooSlow' | 'busy' | 'unreadable', true> = {
  notDicom: true,
  damaged: true,
  notAnObject: true,
  messageTooLarge: true,
  tooMuchWork: true,
  outdated: true,
  fileTooLarge: true,
  tooSlow: true,
  busy: true,
  unreadable: true,
};

/** Keys of the texts of a dialog that makes samples of files. */
export const SAMPLE_KEYS = Object.keys(SAMPLE_PROBLEMS).map((code) => `sample.problem.${code}`);
