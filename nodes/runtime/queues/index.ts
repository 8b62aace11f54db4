export { tellOfLeftQueues } from './left-queues';
export { disownLost } from './lost-owners';
export { queueName, type QueueName, QueueOwner, type SharedPlaceHere } from './queue-owner';
export { removeQueueWithNode } from './removed-queue';
export { RequestOwner } from './request-owner';
export { SharedQueueOwner } from './shared-queue';
