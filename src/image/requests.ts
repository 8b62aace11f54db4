import type { MessagePort } from 'node:worker_threads';
import type { EditFailure, Given } from '../edit';
import type { WindowChoice } from './grey';

/** Which frames of an object are shown; a number counts from 1 on. */
export type FrameChoice = 'first' | 'middle' | 'all' | number;

/** What pictures are wanted. */
export interface PictureTask {
  format: 'png' | 'jpeg';
  frame: FrameChoice;
  /** Pixels; 0: as the frame is. */
  longestEdge: number;
  /** Of grey images. */
  window: WindowChoice;
  /** Overlay planes are drawn. */
  overlays: boolean;
}

export interface Picture {
  mediaType: string;
  data: Uint8Array;
  /** In pixels; of a document there is none. */
  width?: number;
  height?: number;
  /** Which frame it is of, from 1 on. */
  frame?: number;
}

export interface Pictures {
  pictures: Picture[];
  /** That the object has; 0: it is a document. */
  frames: number;
}

/** What may be asked of the worker that makes pictures. */
export interface ImageRequests {
  /**
   * Pictures of an object, or the PDF that it encapsulates. The failure `no-picture` says why there is none.
   * @param port to the queue that has the object; undefined: none has it
   */
  pictures(given: Given, port: MessagePort | undefined, task: PictureTask): Promise<Pictures | EditFailure>;
}
