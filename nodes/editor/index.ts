export { acceptChosenFile, acceptDrops } from './drop';
export type { Values } from './fields';
export { NodeForm, type About } from './form';
export { MessageTree } from './message-tree';
export type { EditorNode, EditorTab, HistoryEvent } from './red';
export type { Remark } from './remarks';
export { address, failureText, isRunning, reasonOf, request, RequestFailed } from './requests';
export { createTabs } from './tabs';
export { localTime, type Texts } from './texts';
