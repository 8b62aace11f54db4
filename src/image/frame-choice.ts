import { NoPicture } from './no-picture';
import type { FrameChoice } from './requests';

/** Of the pictures of an object together, and of those of a message. */
export const MOST_PICTURE_BYTES = 134_217_728;
/** Of *all* frames, at most; of more, as many are taken at equal distances. */
const MOST_FRAMES = 100;

/** Numbers of frames, from 0 on. @throws NoPicture where there is no such frame */
export function chosenFrames(choice: FrameChoice, frames: number): number[] {
  switch (choice) {
    case 'first':
      return [0];
    case 'middle':
      return [(frames - 1) >> 1];
    case 'all':
      return Array.from({ length: Math.min(frames, MOST_FRAMES) }, (_, index) =>
        Math.floor((index * frames) / Math.min(frames, MOST_FRAMES)),
      );
    default:
      if (choice > frames) throw new NoPicture(`there is no frame ${choice}: it has ${frames}`);
      return [choice - 1];
  }
}
