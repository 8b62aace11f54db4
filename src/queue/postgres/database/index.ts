export { BytesInPieces } from './bytes-query';
export {
  type Client,
  DatabaseUnusable,
  failureText,
  isAway,
  POOLED,
  type Row,
  sqlState,
  type UnusableCode,
} from './client';
export { Database, type DatabaseConfig, type Statements } from './database';
export { checkDurableRow, DURABLE_COLUMNS } from './durable-settings';
