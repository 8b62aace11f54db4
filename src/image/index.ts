/** An object → pictures of it, in a worker of its own. */
export { MOST_FRAMES, MOST_PICTURE_BYTES } from './frame-choice';
export type { WindowChoice } from './grey';
export { ImageHost } from './image-host';
export type { FrameChoice, ImageRequests, Picture, Pictures, PictureTask } from './requests';
