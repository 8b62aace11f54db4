import { resolve } from 'node:path';

/** Root of this repository: the compiled file is `dist/test/support/package/package-dir.js`. */
export const PACKAGE_DIR = resolve(__dirname, '..', '..', '..', '..');
