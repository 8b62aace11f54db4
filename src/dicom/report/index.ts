export { report } from './report';
export type { Report } from './report-model';
