/** What a node keeps of the setting that was imported, so that an export has all that it had. */
import { parseJson } from './json-parser';
import { printJson } from './json-printer';
import type { JsonObject } from './json-tree';
import { writeSetting } from './setting-json';
import type { SettingKind, SettingValues } from './setting-kind';

/** What a node keeps of a setting: its JSON in one line. */
export function keep(setting: JsonObject): string {
  return printJson(setting);
}

/** What a node kept; undefined where it keeps nothing, or nothing that can be read. */
export function kept(imported: string): JsonObject | undefined {
  const parsed = parseJson(imported);
  return 'tree' in parsed && parsed.tree.kind === 'object' ? parsed.tree : undefined;
}

/**
 * What a node keeps from now on, with these values: nothing of a value that was replaced, such as a sample message
 * with somebody's name, stays in the flow file.
 */
export function updateKept<Name extends string>(
  kind: SettingKind<Name>,
  values: SettingValues<Name>,
  imported: string,
): string {
  const setting = kept(imported);
  return setting === undefined ? imported : keep(writeSetting(kind, values, setting));
}

/** The JSON to take to Integration Soup. */
export function exportSetting<Name extends string>(
  kind: SettingKind<Name>,
  values: SettingValues<Name>,
  imported: string,
): string {
  return printJson(writeSetting(kind, values, kept(imported)), 2);
}
