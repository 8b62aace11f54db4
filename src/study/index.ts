export { REAL_CLOCK, type Clock } from './clock';
export {
  ObjectLost,
  type StudiesListener,
  type StudiesOptions,
  type StudyCollector,
  type StudyFiring,
  type StudyQueues,
} from './collector';
export { DiskStudyStore } from './disk-store';
export { ChangesTooLarge, MOST_CHANGES, MOST_NAMED } from './group';
export { seriesFields, studyFields } from './fields';
export { listInstances, type Listable, type StudyPayload } from './listing';
export type { Fields, StudyObject } from './records';
export { SharedStudies } from './shared-studies';
export { Studies } from './studies';
