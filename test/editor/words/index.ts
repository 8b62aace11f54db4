import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { TypeWords } from './type-words';

/** Of a node type: what `TYPE.ts` beside this file says. */
export function wordsOf(type: string): TypeWords {
  const file = join(__dirname, `${type}.js`);
  if (!existsSync(file)) throw new Error(`there is no test/editor/words/${type}.ts`);
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- A new type has only to add its file.
  return (require(file) as { words: TypeWords }).words;
}
