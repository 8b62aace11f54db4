import { dirname } from 'node:path';
import type { DiskFiles } from '../../basics';
import { type CommandStatus, Status, type StepListener } from '../../network';
import { FreeSpace, QueueRefusal } from '../../queue';
import type { Keys } from '../../query';

/** Characters of JSON: far more than a step has, far less than what can be read again. Each N-SET may add to it. */
const MOST_CHARACTERS = 4_194_304;
const BYTES_PER_MEGABYTE = 1_000_000;
const TOO_LARGE: CommandStatus = {
  status: Status.resourceLimitation,
  comment: 'the procedure step would have too many attributes',
};

/** Why a step with these attributes is not kept; undefined: it is. */
export function tooLarge(attributes: Keys): CommandStatus | undefined {
  return JSON.stringify(attributes).length > MOST_CHARACTERS ? TOO_LARGE : undefined;
}

interface Room {
  directory: string;
  /** That must stay free on its disk; 0: no check. */
  minFreeMB: number;
  files: DiskFiles;
  /** There is too little. */
  refused(this: void, refusal: QueueRefusal): void;
}

/** Refuses steps while their disk has too little space left, as objects are. */
export function whileThereIsRoom(
  steps: StepListener,
  { directory, minFreeMB, files, refused }: Room,
): StepListener {
  let space: FreeSpace | undefined;
  const noRoom = (): CommandStatus | undefined => {
    space ??= new FreeSpace(existing(directory, files), minFreeMB * BYTES_PER_MEGABYTE, files);
    try {
      space.check();
      return undefined;
    } catch (error) {
      if (!(error instanceof QueueRefusal)) throw error;
      refused(error);
      return { status: Status.resourceLimitation, comment: error.message };
    }
  };
  return {
    created: async (request) => noRoom() ?? steps.created(request),
    changed: async (request) => noRoom() ?? steps.changed(request),
  };
}

/** The directory, or the one around it that is there: it is made with the first step. */
function existing(directory: string, files: DiskFiles): string {
  const above = dirname(directory);
  const isThere = files.statSync(directory, { throwIfNoEntry: false }) !== undefined;
  return isThere || above === directory ? directory : existing(above, files);
}
