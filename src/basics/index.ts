/** What knows nothing of DICOM. */
export { asciiJson } from './ascii-json';
export { asError } from './as-error';
export { BackOff } from './back-off';
export { Deadline } from './deadline';
export { DIRECTORY_MODE, type DiskFiles, FILE_MODE, realFiles } from './disk-files';
export type { DiskWarning } from './disk-warning';
export { DirectorySync } from './directory-sync';
export {
  allSettled,
  checkSyncing,
  isUnsupported,
  makeDurableDirectory,
  NotSyncable,
  once,
  openToRead,
  type OnWarning,
  syncDirectory,
  syncDirectoryNow,
  writeAll,
  writeFile,
  writePieces,
} from './durable';
export { Fifo } from './fifo';
export { inTime } from './in-time';
export { Lease } from './lease';
export { leftoversTo } from './leftovers';
export { linkWithoutReplacing, numbered, removeIfThere } from './link-file';
export { type DirectoryLock, sharedFileSystem } from './lock';
export { LONGEST_TIMER_MS } from './longest-timer';
export { makeDirectory } from './make-directory';
export { OnceInAWhile } from './once-in-a-while';
export { Paced } from './paced';
export { passedOn, whenPassedOn } from './passed-on';
export { POISON, poison } from './poison';
export { printable } from './printable';
export { remembered } from './remembered';
export { soManyAtATime } from './so-many-at-a-time';
export { isSystemCode, loggableReason } from './system-code';
export { beat, diskCalls, lifeIn, lifeMemory, showLifeIn, waitForDisk } from './signs-of-life';
export { Turns } from './turns';
