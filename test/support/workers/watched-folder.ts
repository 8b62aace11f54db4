import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { after } from 'node:test';
import type { FlowMessage } from '../../../src/message';
import { DICOM_WATCH } from '../../../src/settings';
import { Watch, watchSettings, type WatchFault, type WatchLimits, type WatchState } from '../../../src/watch';
import { SAMPLE, SAMPLE_UID } from '../peers/store-client';

/** The Part 10 file of the sample as an instance of its own. */
export function sampleFile(number: number): { uid: string; bytes: Buffer } {
  const uid = SAMPLE_UID.slice(0, -8) + String(number).padStart(8, '0');
  const bytes = Buffer.from(readFileSync(SAMPLE));
  for (let at = bytes.indexOf(SAMPLE_UID); at >= 0; at = bytes.indexOf(SAMPLE_UID, at + 1))
    bytes.write(uid, at);
  return { uid, bytes };
}

export interface WatchedDelivery {
  id: string;
  message: FlowMessage;
}

/** A folder that is watched in this process, with what came of it. */
export interface Watched {
  watch: Watch;
  folder: string;
  nodeDirectory: string;
  nodeId: string;
  delivered: WatchedDelivery[];
  faults: WatchFault[];
  states: WatchState[];
  /** UIDs that were delivered, in order. */
  uids(): string[];
  /** Puts a file into the folder. */
  put(name: string, bytes: Buffer | string): void;
  /** Files of a directory and below, with `/`; those of claims not among them. */
  files(directory?: string): string[];
  stop(): Promise<void>;
}

const LIMITS: WatchLimits = { incompleteMs: 1_500, pollMs: 100, retryMs: 50 };

export function filesIn(directory: string): string[] {
  try {
    return readdirSync(directory, { recursive: true })
      .map((name) => String(name).split(sep).join('/'))
      .filter((name) => statSync(join(directory, name), { throwIfNoEntry: false })?.isFile() === true)
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Watched folders of a test file: what still runs at its end is stopped, and the folders are removed. */
export function watchesForFile(name: string): {
  root: string;
  start: (settings?: Record<string, unknown>, options?: StartOptions) => Watched;
} {
  const root = mkdtempSync(join(tmpdir(), `dicom-${name}-`));
  const running = new Set<Watch>();
  after(async () => {
    for (const watch of running) await watch.stop();
    rmSync(root, { recursive: true, force: true });
  });
  let folders = 0;
  return {
    root,
    start: (settings = {}, options = {}) => {
      folders += 1;
      const folder = options.folder ?? join(root, `folder-${folders}`);
      const nodeId = options.nodeId ?? `node-${folders}`;
      const nodeDirectory = options.nodeDirectory ?? join(root, `node-${folders}`);
      if (options.makes !== false) mkdirSync(folder, { recursive: true });
      const { settings: parsed } = DICOM_WATCH.parse({
        directory: folder,
        stableSeconds: 1,
        minFreeDiskMB: 0,
        ...settings,
      });
      const watched: Omit<Watched, 'watch'> = {
        folder,
        nodeDirectory,
        nodeId,
        delivered: [],
        faults: [],
        states: [],
        uids: () => watched.delivered.map(({ message }) => message.dicom.sopInstanceUID),
        put: (path, bytes) => {
          mkdirSync(join(folder, path, '..'), { recursive: true });
          writeFileSync(join(folder, path), bytes);
        },
        files: (directory = folder) => filesIn(directory).filter((path) => !path.startsWith('.dicom-watch/')),
        stop: () => watch.stop().then(() => void running.delete(watch)),
      };
      const watch = new Watch(
        { nodeId, settings: watchSettings(parsed), nodeDirectory },
        {
          deliver: (id, { json }) => {
            watched.delivered.push({ id, message: JSON.parse(json) as FlowMessage });
            if (options.takes !== false) watch.delivered(id);
          },
          state: (state) => watched.states.push(state),
          fault: (fault) => watched.faults.push(fault),
        },
        { ...LIMITS, ...options.limits },
      );
      running.add(watch);
      watch.start();
      return { ...watched, watch };
    },
  };
}

export interface StartOptions {
  folder?: string;
  nodeDirectory?: string;
  nodeId?: string;
  /** False: the folder is not there. */
  makes?: boolean;
  /** False: the flow does not get what is delivered. */
  takes?: boolean;
  limits?: Partial<WatchLimits>;
}
