import type { Field } from '../settings';
import type { JsonObject } from './json-tree';

/** Numbers may be text, as a dialog holds them. */
export type SettingValue = string | number | boolean | readonly string[];
/** A value for every field that Integration Soup has. */
export type SettingValues<Name extends string = string> = ReadonlyMap<Name, SettingValue>;

/** A value of a dialog, and where a setting of Integration Soup has it. */
export interface Mapping<Name extends string = string> {
  field: Name;
  path: readonly [string] | readonly [string, string];
  kind: Field['kind'];
  default: SettingValue;
}

/** A kind of setting of Integration Soup that is imported and exported. */
export interface SettingKind<Name extends string = string> {
  /** Of its `$type`, without name space and assembly. */
  className: string;
  mappings: readonly Mapping<Name>[];
  /** Members that are kept and mean nothing here. */
  keptMembers: readonly string[];
  /** What Integration Soup itself would write for a new one. */
  fresh(): JsonObject;
  /** For the user to tell several of them by, beside their names. */
  place(values: SettingValues<Name>): string;
}
