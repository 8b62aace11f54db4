import { closeSync, ftruncateSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeFileMeta, IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME } from '../../src/dicom';
import { UID_DIGITS, type Work } from './work';

/** Number of folders, so that as many senders can have an equal part each. */
const FOLDERS = 4;

/** Part 10 files to be sent, each with a SOP Instance UID of its own. */
export class ObjectFiles {
  private constructor(
    private readonly root: string,
    readonly paths: readonly string[],
  ) {}

  /** Writes them. What fills pixel data is a hole: reading it costs no disk. */
  static of(work: Work, count: number): ObjectFiles {
    const root = mkdtempSync(join(tmpdir(), 'bench-objects-'));
    const paths = Array.from({ length: count }, (_, number) => {
      const folder = join(root, String(number % FOLDERS));
      mkdirSync(folder, { recursive: true });
      const path = join(folder, `${number}.dcm`);
      write(path, work, number);
      return path;
    });
    return new ObjectFiles(root, paths);
  }

  /** The folders for this many senders, which look into folders and what is in them. */
  foldersFor(senders: number): string[] {
    if (senders === 1) return [this.root];
    return Array.from({ length: FOLDERS }, (_, number) => join(this.root, String(number)));
  }

  remove(): void {
    rmSync(this.root, { recursive: true });
  }
}

function write(path: string, work: Work, number: number): void {
  const { sopClassUID, sopInstanceUID: original, transferSyntaxUID, filling } = work;
  const dataSet = Buffer.from(work.dataSet);
  const sopInstanceUID = original.slice(0, -UID_DIGITS) + String(10 ** (UID_DIGITS - 1) + number);
  for (let at = dataSet.indexOf(original); at >= 0; at = dataSet.indexOf(original, at + 1))
    dataSet.write(sopInstanceUID, at, 'latin1');
  const meta = encodeFileMeta({
    sopClassUID,
    sopInstanceUID,
    transferSyntaxUID,
    implementationClassUID: IMPLEMENTATION_CLASS_UID,
    implementationVersionName: IMPLEMENTATION_VERSION_NAME,
  });
  const file = openSync(path, 'wx');
  try {
    writeSync(file, Buffer.concat([meta, dataSet]));
    ftruncateSync(file, meta.length + dataSet.length + filling);
  } finally {
    closeSync(file);
  }
}
