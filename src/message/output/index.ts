export { fileNameText } from './file-name';
export { FileOutput, NotPlaced } from './file-output';
export { isNameRefused, placeCause, placeCode, placeReason } from './place-cause';
