export { DeadLetterFolder } from './dead-letter-folder';
export { FileChecks } from './file-checks';
export { ObjectFiles } from './object-files';
export { PartFile } from './part-file';
