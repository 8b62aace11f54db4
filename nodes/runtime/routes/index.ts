export { AdminRoutes, parameter, RequestRefused } from './admin-routes';
export { addAttributeRoute } from './attribute-route';
export { addDeadLetterRoutes, type DeadLetterBox } from './dead-letter-routes';
export { addJournalRoutes, type JournalBox } from './journal-routes';
