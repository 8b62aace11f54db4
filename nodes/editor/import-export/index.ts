export { ImportExportPanel } from './import-export-panel';
export type { ImportingForm } from './importing-form';
