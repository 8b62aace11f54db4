import { hexStatus, type CommandStatus } from '../network';

/** Why an object is a dead letter. */
export type GiveUpReason =
  | { kind: 'notConverted'; text: string }
  /** With the last thing that a node of the flow has said of it, if any has. */
  | { kind: 'notAcknowledged'; deliveries: number; said?: string }
  /** Node-RED, or the receiver's thread, ended while it was being delivered. */
  | { kind: 'crashed'; crashes: number }
  /** The flow's own answer. */
  | { kind: 'failed'; status: CommandStatus }
  /** Its message could not be sent to the flow. */
  | { kind: 'notSent'; text: string; deliveries: number }
  | { kind: 'notPlacedInTime'; text: string; hours: number };

/** For the note beside it, and for the event. */
export function giveUpText(reason: GiveUpReason): string {
  switch (reason.kind) {
    case 'notConverted':
      return reason.text;
    case 'notAcknowledged':
      return `the flow did not acknowledge it (deliveries: ${reason.deliveries})${reason.said === undefined ? '' : `: ${reason.said}`}`;
    case 'crashed':
      return `Node-RED, or the receiver's thread, ended ${reason.crashes} times while it was being delivered`;
    case 'failed': {
      const { status, comment } = reason.status;
      return `the flow answered ${hexStatus(status)}${comment === undefined ? '' : `: ${comment}`}`;
    }
    case 'notSent':
      return `its message could not be sent to the flow: ${reason.text}`;
    case 'notPlacedInTime':
      return `its file could not be put in place for ${reason.hours} h: ${reason.text}`;
  }
}

/** Facts for the text of the fault. */
export function giveUpValues(
  id: string,
  reason: Exclude<GiveUpReason, { kind: 'failed' }>,
): Record<string, string | number> {
  switch (reason.kind) {
    case 'notConverted':
      return { id, reason: reason.text };
    case 'notAcknowledged':
      return { id, deliveries: reason.deliveries };
    case 'crashed':
      return { id, crashes: reason.crashes };
    case 'notSent':
      return { id, reason: reason.text, deliveries: reason.deliveries };
    case 'notPlacedInTime':
      return { id, reason: reason.text, hours: reason.hours };
  }
}
