import { finding, type Finding } from './finding';

/** A node's properties, as the flow JSON or the editor has them. */
export type Config = Readonly<Record<string, unknown>>;

/**
 * Makes a config of one version into one of the next, and leaves the one that it is given as it is. The editor loads only
 * properties that a type's `defaults` name: one that is renamed or dropped stays there.
 */
export type Migration = (config: Config) => Config;

/** Nodes were saved without a version before there was a second one: that is the first. */
export const FIRST_VERSION = 1;

/**
 * Whether a config of this version can be read: what this package does not know may mean anything, so that nothing of it is
 * taken, not even what looks familiar.
 * @param version as written in the flow; undefined if it is missing
 * @param known the newest version that there is
 */
export function checkVersion(version: unknown, known: number): Finding<'unknownVersion'>[] {
  const number = versionNumber(version);
  if (Number.isInteger(number) && number >= FIRST_VERSION && number <= known) return [];
  const value = typeof version === 'string' ? version : (JSON.stringify(version) ?? '');
  return [finding('unknownVersion', { value, known })];
}

/**
 * The config in the newest version: itself where it is of that already, or of one that is not known.
 * @param migrations the first one is from the first version to the second, and so on
 */
export function migrate(config: Config, migrations: readonly Migration[]): Config {
  const newest = FIRST_VERSION + migrations.length;
  if (checkVersion(config['version'], newest).length > 0) return config;
  const due = migrations.slice(versionNumber(config['version']) - FIRST_VERSION);
  if (due.length === 0) return config;
  return { ...due.reduce((older, migration) => migration(older), config), version: newest };
}

/** NaN where it is none. */
function versionNumber(version: unknown): number {
  if (version === undefined || version === null) return FIRST_VERSION;
  if (typeof version === 'string') return /^\d{1,9}$/.test(version) ? Number(version) : NaN;
  return typeof version === 'number' ? version : NaN;
}
