export { FlowSteps } from './flow-steps';
export { removeSteps, STEPS_FOLDER } from './remove';
export { whileThereIsRoom } from './step-limits';
export { StepStore } from './step-store';
