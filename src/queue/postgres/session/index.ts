export { forgetSessions } from './forget-sessions';
export { MachineFolder } from './machine-folder';
export { Notices } from './notices';
export { Session } from './session';
export { type SharedPlace, SharedState, type SharedStateOptions } from './shared-state';
