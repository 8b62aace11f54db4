import { type Parking, parseParking } from '../../parking';
import type { Row } from '../database';

export type RowState = 'queued' | 'parked' | 'kept' | 'dead';

/** What the database knows of an object beside its bytes. */
export interface ObjectRow {
  /** Its number: objects of an association sort by it. */
  seq: number;
  id: string;
  stream: number;
  size: number;
  state: RowState;
  /** The lease under which it is, or was last, in flight; 0: none. */
  lease: number;
  deliveries: number;
  unacknowledged: number;
  crashes: number;
  /** The run of an instance whose sender waits for the flow's answer. */
  waiter: number | undefined;
  parking: Parking | undefined;
  /** Of its file in the shared directory, as hexadecimal digits. Undefined: its bytes are in the database. */
  sha256: string | undefined;
}

/** An object that is, or was, in flight under a lease. */
export type Leased = Pick<ObjectRow, 'seq' | 'lease'>;

/** Of which `objectRow` makes one. */
export const COLUMNS = `seq, id, stream, size, state, lease, deliveries, unacknowledged, crashes, waiter, parking, sha256`;

export function objectRow(row: Row): ObjectRow {
  return {
    seq: Number(row['seq']),
    id: String(row['id']),
    stream: Number(row['stream']),
    size: Number(row['size']),
    state: row['state'] as RowState,
    lease: Number(row['lease']),
    deliveries: Number(row['deliveries']),
    unacknowledged: Number(row['unacknowledged']),
    crashes: Number(row['crashes']),
    waiter: row['waiter'] === null ? undefined : Number(row['waiter']),
    parking: row['parking'] === null ? undefined : parseParking(row['parking'] as string),
    sha256: (row['sha256'] as string | null) ?? undefined,
  };
}
