/** What a directory's file system cannot do, and the queue, or the output of files, goes on without. */
export interface DiskWarning {
  kind: 'lockOnlyHere' | 'lockOutside' | 'directoryNotSynced' | 'modeNotSet';
  /** Facts for the text. */
  values: { directory: string } & Record<string, string>;
}
