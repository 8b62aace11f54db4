export { DiskStepStore } from './disk-step-store';
export { FlowSteps } from './flow-steps';
export { removeSteps, STEPS_FOLDER } from './remove';
export { SharedStepStore } from './shared-step-store';
export { whileThereIsRoom } from './step-limits';
