export { sharedFileSystem } from './shared-file-system';
export { type DirectoryLock, lockDirectory } from './directory-lock';
