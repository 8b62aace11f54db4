import type { NodeMessage } from 'node-red';

/** The parts of a message that this node reads. */
export interface AnsweringMessage extends NodeMessage {
  dicom?: { queueId?: unknown; acknowledgeId?: unknown; queryId?: unknown; mppsId?: unknown };
  statusCode?: unknown;
  errorComment?: unknown;
  /** Of a message that is one of several matches (core nodes `split` and `join`). */
  parts?: unknown;
  complete?: unknown;
}
