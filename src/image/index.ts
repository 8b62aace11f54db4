/** An object → pictures of it, in a worker of its own. */
export { MOST_PICTURE_BYTES } from './frame-choice';
export { ImageHost } from './image-host';
export type { Picture, Pictures, PictureTask } from './requests';
