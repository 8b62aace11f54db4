export {
  aboutObject,
  type ConversionSettings,
  type ConvertedObject,
  convertQueued,
  fileNameTexts,
  payloadOf,
  type PayloadSettings,
  type WaitingSettings,
  waitsForFlow,
} from './conversion';
export type { FlowMessage, MessageFacts } from './flow-message';
export { FileOutput, isNameRefused, NotPlaced, placeCause, placeCode, placeReason } from './output';
