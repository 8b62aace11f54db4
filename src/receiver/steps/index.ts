export { FlowSteps } from './flow-steps';
export { removeSteps, STEPS_FOLDER } from './remove';
export { StepStore } from './step-store';
