import { closeSync, fstatSync, openSync } from 'node:fs';
import { waitForDisk } from '../basics';
import { DicomError, fileSource, parseDataSet } from '../dicom';
import { fileHead } from '../object';
import { openRegular, type FileFacts } from '../queue';

/** What a file is. */
export type Inspection =
  | { kind: 'object'; studyInstanceUID: string }
  /** It is no Part 10 file, or no object: a directory of a medium for one. */
  | { kind: 'foreign' }
  /** It begins as one, and cannot be read to its end. */
  | { kind: 'incomplete'; reason: string }
  /** It is not what was seen. */
  | { kind: 'changed' };

/**
 * Reads a file as an object, to its end, without its pixel data.
 * @throws the system's error
 */
export function inspect(path: string, expected: FileFacts): Inspection {
  const fd = waitForDisk(() => openRegular(path, { openSync, fstatSync, closeSync }));
  try {
    const { size, mtimeMs } = waitForDisk(() => fstatSync(fd));
    if (size !== expected.size || mtimeMs !== expected.mtimeMs) return { kind: 'changed' };
    return read(fd, size);
  } finally {
    closeSync(fd);
  }
}

function read(fd: number, size: number): Inspection {
  const source = fileSource(fd, size);
  try {
    const { envelope, length: offset } = fileHead(source, { receivedAt: '' });
    const { identity } = parseDataSet(source, { transferSyntaxUID: envelope.transferSyntaxUID, offset });
    const { sopClassUID, sopInstanceUID, studyInstanceUID = '' } = identity;
    if (sopClassUID === undefined || sopInstanceUID === undefined) return { kind: 'foreign' };
    return { kind: 'object', studyInstanceUID };
  } catch (error) {
    if (!(error instanceof DicomError)) throw error;
    return error.code === 'no-file-meta'
      ? { kind: 'foreign' }
      : { kind: 'incomplete', reason: error.message };
  }
}
