export { isSameFile, openRegular, type FileFacts } from './folder-files';
export { CLAIMS, FolderShared } from './folder-owners';
export { FolderQueue, type FolderQueueOptions } from './folder-queue';
export type { FolderFile } from './folder-options';
