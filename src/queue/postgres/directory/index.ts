export { DirectoryWatch } from './directory-watch';
export { FileFailed } from './file-failed';
export { NoDirectory } from './no-directory';
export { OpenFile } from './open-file';
export { SharedDirectory, type SharedDirectoryOptions } from './shared-directory';
export { StrayFiles } from './stray-files';
