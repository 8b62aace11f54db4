export { ClaimedObject } from './claimed-object';
export { ClaimedObjects, type ClaimSource } from './claimed-objects';
export type { PutClaim } from './put-claims';
