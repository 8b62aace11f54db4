export { fileNameText } from './file-name';
export { FileOutput, NotPlaced } from './file-output';
export { placeCause, placeReason } from './place-cause';
