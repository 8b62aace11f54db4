import { asError, isSystemCode } from '../../../basics';

/** A file of an object cannot be read, written or removed now. It says so by a code of the system, as a disk does. */
export class FileFailed extends Error {
  override readonly name = 'FileFailed';
  readonly code: string;

  /**
   * @param where it is, in words
   * @param cause the system's error, or DatabaseUnusable
   */
  constructor(
    where: string,
    override readonly cause: unknown,
  ) {
    super(`the file of an object ${where} cannot be used (${asError(cause).message})`);
    const { code = '' } = cause as NodeJS.ErrnoException;
    this.code = isSystemCode(code) ? code : 'EIO';
  }
}
