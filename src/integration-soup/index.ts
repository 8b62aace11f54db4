export * from './find-settings';
export * from './json-parser';
export * from './json-printer';
export * from './json-tree';
export * from './kept-setting';
export { RECEIVER_MEMBERS, RECEIVER_SETTING, type ReceiverField } from './receiver-setting';
export { SENDER_PEER_MEMBERS, SENDER_SETTING, type SenderField } from './sender-setting';
export * from './setting-json';
export * from './setting-kind';
