import { finding, type Finding } from '../finding';
import { checkReplaced } from './environment';
import { splitList } from './values';

const AE_TITLE_MAX_LENGTH = 16;
/** The wildcard entry of an allow-list: any calling AE title is accepted. */
export const ANY = '*';

type TokenProblem = 'aeTitleTooLong' | 'aeTitleCharacter' | 'variableNotReplaced';

/** An AE title: 1 to 16 characters of the default repertoire without backslash and control characters (PS3.5 6.2, VR AE). */
export function checkAeTitle(value: string): Finding<TokenProblem | 'required'>[] {
  const title = value.trim();
  return title === '' ? [finding('required')] : checkToken(title);
}

/**
 * A comma list of calling AE titles. `*` as an entry accepts anyone; an entry that merely contains `*` is taken
 * literally, which is hardly what was meant, so it is reported. An empty list accepts nobody.
 */
export function checkAeTitleList(
  value: string,
): Finding<TokenProblem | 'emptyAllowList' | 'aeTitleWildcard'>[] {
  const tokens = splitList(value);
  if (tokens.length === 0) return [finding('emptyAllowList', {}, 'warning')];
  return tokens.flatMap<Finding<TokenProblem | 'aeTitleWildcard'>>((token) => {
    if (token === ANY) return [];
    if (token.includes(ANY)) return [finding('aeTitleWildcard', { token }, 'warning')];
    return checkToken(token);
  });
}

/** A comma list of AE titles of our own; empty: none. */
export function checkOwnAeTitles(value: string): Finding<TokenProblem>[] {
  return splitList(value).flatMap(checkToken);
}

function checkToken(title: string): Finding<TokenProblem>[] {
  const notReplaced = checkReplaced(title);
  if (notReplaced.some(({ severity }) => severity === 'error')) return notReplaced;
  if (title.length > AE_TITLE_MAX_LENGTH) {
    return [finding('aeTitleTooLong', { token: title, max: AE_TITLE_MAX_LENGTH })];
  }
  if (!/^[\x20-\x5b\x5d-\x7e]*$/.test(title)) return [finding('aeTitleCharacter', { token: title })];
  return notReplaced;
}
