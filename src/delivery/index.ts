export { Answers, type AnswerOutcome } from './answers';
export { Delivery, type DeliveryListener } from './delivery';
export { DeliveringHost, type FeedNews } from './delivering-host';
export { FlowFeed, type PostedObject } from './flow-feed';
export { giveUpText, giveUpValues, type GiveUpReason } from './give-up-reason';
export type { QueueHost, QueueRequests } from './queue-requests';
export { QueueService } from './queue-service';
export { RunningFaults } from './running-faults';
export { Starting } from './starting';
