export {
  aboutObject,
  type ConversionSettings,
  type ConvertedObject,
  convertQueued,
  type PayloadSettings,
  type WaitingSettings,
  waitsForFlow,
} from './conversion';
export type { FlowMessage, MessageFacts } from './flow-message';
export { FileOutput, fileNameText, NotPlaced, placeCause, placeReason } from './output';
