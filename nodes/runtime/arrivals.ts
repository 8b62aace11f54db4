import type { FlowMessage } from '../../src/message';

/** Objects that are expected to come in because of a C-MOVE. */
export interface ExpectedObjects {
  /** Move Originator (PS3.7 9.3.1.1): who asked, and with which message. */
  originatorAET: string;
  messageId: number;
  studyInstanceUIDs: ReadonlySet<string>;
}

/** What has come in of them. */
export interface Arrived {
  objects: number;
  /** By what they were known: many archives name no originator. */
  by: 'moveOriginator' | 'study';
  /** All of them. */
  complete: boolean;
}

/** Of one C-MOVE: what comes beyond is not told apart any more. */
const MOST_OBJECTS = 200_000;

/** Waits for the objects of one C-MOVE. */
export class Arrival {
  private readonly byOriginator = new Set<string>();
  private readonly byStudy = new Set<string>();
  private wanted = Infinity;
  private timer: NodeJS.Timeout | undefined;
  private tell: (() => void) | undefined;

  constructor(
    private readonly expected: ExpectedObjects,
    private readonly closed: (arrival: Arrival) => void,
  ) {}

  saw({ topic, dicom }: FlowMessage): void {
    const { originatorAET, messageId, studyInstanceUIDs } = this.expected;
    const { moveOriginatorAET, moveOriginatorMessageId, sopInstanceUID } = dicom;
    // Whoever names us as originator may have sent something that nobody asked for.
    if (!studyInstanceUIDs.has(topic)) return;
    if (moveOriginatorAET === originatorAET && moveOriginatorMessageId === messageId)
      add(this.byOriginator, sopInstanceUID);
    else if (moveOriginatorAET === undefined) add(this.byStudy, sopInstanceUID);
    else return;
    if (this.arrived.complete) this.tell?.();
  }

  /** Resolves when this many have come, or the time is over, or `close` is called. */
  wait(objects: number, seconds: number): Promise<Arrived> {
    this.wanted = objects;
    if (this.arrived.complete) return Promise.resolve(this.arrived);
    return new Promise((resolve) => {
      this.tell = () => {
        clearTimeout(this.timer);
        this.tell = undefined;
        resolve(this.arrived);
      };
      this.timer = setTimeout(() => this.tell?.(), seconds * 1_000);
    });
  }

  close(): void {
    this.tell?.();
    this.closed(this);
  }

  private get arrived(): Arrived {
    const by = this.byOriginator.size > 0 ? 'moveOriginator' : 'study';
    const objects = by === 'study' ? this.byStudy.size : this.byOriginator.size;
    return { objects, by, complete: objects >= this.wanted };
  }
}

function add(uids: Set<string>, uid: string): void {
  if (uids.size < MOST_OBJECTS) uids.add(uid);
}

/** What comes in through the dicom-in nodes of this Node-RED, for those who wait for it. */
class Arrivals {
  private readonly expecting = new Set<Arrival>();

  expect(expected: ExpectedObjects): Arrival {
    const arrival = new Arrival(expected, (closed) => this.expecting.delete(closed));
    this.expecting.add(arrival);
    return arrival;
  }

  /** The flow gets this message. */
  saw(message: FlowMessage): void {
    for (const arrival of this.expecting) arrival.saw(message);
  }
}

export const arrivals = new Arrivals();
