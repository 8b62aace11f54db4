import { finding, type Finding } from '../finding';

const PLAIN_NAME = /^[a-z_][a-z0-9_]{0,39}$/;

/** A name that is put into SQL, where it needs no quotes: a letter or `_`, then letters, digits and `_`, 40 at most, in lower case. */
export function checkPlainName(value: string): Finding<'notAPlainName'>[] {
  const name = value.trim();
  return PLAIN_NAME.test(name) ? [] : [finding('notAPlainName', { value: name })];
}
