import * as fs from 'node:fs';

/** The file operations with which objects are put in place, so that a test can make each of them fail. */
export type OutputFiles = Pick<
  typeof fs,
  | 'openSync'
  | 'readSync'
  | 'writeSync'
  | 'writevSync'
  | 'fsyncSync'
  | 'closeSync'
  | 'fstatSync'
  | 'lstatSync'
  | 'statSync'
  | 'copyFileSync'
  | 'chmodSync'
  | 'linkSync'
  | 'renameSync'
  | 'unlinkSync'
  | 'mkdirSync'
  | 'readdirSync'
>;

export const realOutputFiles: OutputFiles = fs;
