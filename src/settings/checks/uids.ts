import { finding, type Finding } from '../finding';
import { splitList } from './values';

const UID = /^(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*))*$/;

/** A UID: numeric components without leading zeros, at most 64 characters (PS3.5 9.1). */
function isUid(text: string): boolean {
  return text.length <= 64 && UID.test(text);
}

/** A comma list of UIDs; empty means no restriction. */
export function checkUidList(value: string): Finding<'notAUid'>[] {
  return splitList(value)
    .filter((token) => !isUid(token))
    .map((token) => finding('notAUid', { token }));
}
