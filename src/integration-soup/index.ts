export * from './find-receivers';
export * from './json-parser';
export * from './json-printer';
export * from './json-tree';
export * from './kept-receiver';
export { RECEIVER_FIELDS, RECEIVER_MEMBERS } from './receiver-fields';
export type { ReceiverField, ReceiverValue, ReceiverValues } from './receiver-fields';
export * from './receiver-json';
