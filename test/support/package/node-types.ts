import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as settings from '../../../src/settings';
import type { NodeSettings } from '../../../src/settings';
import { PACKAGE_DIR } from './package-dir';

const manifest = JSON.parse(readFileSync(join(PACKAGE_DIR, 'package.json'), 'utf8')) as {
  'node-red': { nodes: Record<string, string> };
};

/** The node types of this package, as Node-RED finds them. */
export const NODE_TYPES = Object.keys(manifest['node-red'].nodes);

/** What src/settings says of a node type. */
export function settingsOf(type: string): NodeSettings {
  const found = Object.values(settings).find(
    (one) => typeof one === 'object' && 'type' in one && one.type === type,
  );
  if (found === undefined) throw new Error(`src/settings does not define ${type}`);
  return found as unknown as NodeSettings;
}

/** A file of a node type: as it is written, or as it is built. */
export const readNode = (type: string, ...path: string[]): string =>
  readFileSync(join(PACKAGE_DIR, 'nodes', type, ...path), 'utf8');
export const readBuilt = (type: string, ...path: string[]): string =>
  readFileSync(join(PACKAGE_DIR, 'dist', 'nodes', type, ...path), 'utf8');

/** Whether its nodes are configuration nodes, which are neither in the palette nor in the workspace. */
export const isConfig = (type: string): boolean =>
  readNode(type, `${type}.html`).includes("category: 'config'");
