import * as fs from 'node:fs';
import { diskCalls } from '../../basics';

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

export const realOutputFiles: OutputFiles = diskCalls({
  openSync: fs.openSync,
  readSync: fs.readSync,
  writeSync: fs.writeSync,
  writevSync: fs.writevSync,
  fsyncSync: fs.fsyncSync,
  closeSync: fs.closeSync,
  fstatSync: fs.fstatSync,
  lstatSync: fs.lstatSync,
  statSync: fs.statSync,
  copyFileSync: fs.copyFileSync,
  chmodSync: fs.chmodSync,
  linkSync: fs.linkSync,
  renameSync: fs.renameSync,
  unlinkSync: fs.unlinkSync,
  mkdirSync: fs.mkdirSync,
  readdirSync: fs.readdirSync,
});
