import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { pick, type DicomWatchField, type DicomWatchSettings } from '../settings';

const WATCH_SETTINGS = [
  'directory',
  'pattern',
  'recursive',
  'stableSeconds',
  'after',
  'moveTo',
  'errorDirectory',
  'acknowledge',
  'maxInFlight',
  'acknowledgeTimeoutSeconds',
  'maxDeliveries',
  'minFreeDiskMB',
] as const satisfies readonly DicomWatchField[];
export type WatchSettings = Pick<DicomWatchSettings, (typeof WATCH_SETTINGS)[number]>;

/** The settings that go to a worker. */
export const watchSettings = (settings: DicomWatchSettings): WatchSettings => pick(settings, WATCH_SETTINGS);

/** Everything that is needed to watch a folder, as plain data that can be posted to a worker. */
export interface WatchConfig {
  /** The node's id. */
  nodeId: string;
  settings: WatchSettings;
  /** Of this node alone, on a disk of this machine. */
  nodeDirectory: string;
}

/** Names a node among all that may watch a folder, on whatever machines: people find it in the folder. */
export function ownerName({ nodeId, nodeDirectory }: WatchConfig): string {
  const host = hostname();
  const hash = createHash('sha256').update([host, nodeDirectory, nodeId].join('\n')).digest('hex');
  return `${host.replace(/[^A-Za-z0-9-]/g, '_').slice(0, 40)}-${hash.slice(0, 12)}`;
}
