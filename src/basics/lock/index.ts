export { type DirectoryLock, type LockError, lockDirectory } from './directory-lock';
