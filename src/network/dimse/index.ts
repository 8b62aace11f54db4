export {
  CommandField,
  type CommandSet,
  type CommandStatus,
  encodeResponse,
  hexStatus,
  isFailure,
  operationName,
  Status,
} from './command-set';
export { type MessageHandler, MessageReader } from './message-reader';
