export { sharedFileSystem } from './shared-file-system';
export { type DirectoryLock, type LockError, lockDirectory } from './directory-lock';
