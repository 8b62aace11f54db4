import { asError, Lease, whenPassedOn } from '../basics';
import type { FlowMessage } from '../message';
import type { Boundary } from '../worker';

/** An object's message on its way to the main thread. */
export interface PostedObject {
  id: string;
  /** A FlowMessage as text: parsing it costs the main thread a third of what cloning does. */
  json: string;
  object?: Uint8Array<ArrayBuffer>;
  document?: Uint8Array<ArrayBuffer>;
  /** Memory of the `Lease` under which it is this Node-RED's. Undefined: nobody else can have it. */
  lease?: SharedArrayBuffer;
}

/** What a feed tells of messages. */
export interface FeedListener {
  /** Where it throws, the flow has not got the message. */
  message(message: FlowMessage): void;
  /** The flow has got it. */
  delivered(id: string): void;
  /** It has not. */
  notDelivered(id: string, reason: string): void;
}

/** An error's text goes back to the worker, and into a note: it may quote a whole message. */
const MAX_REASON = 500;

/** Delivers messages of a worker to the flow, on the main thread, one a turn of the event loop. */
export class FlowFeed {
  private objects: PostedObject[] = [];
  private scheduled: NodeJS.Immediate | undefined;
  private isHeld = false;
  private isStopped = false;

  constructor(
    private readonly boundary: Boundary,
    private readonly listener: FeedListener,
  ) {}

  add(object: PostedObject): void {
    if (this.isStopped) return;
    this.objects.push(object);
    this.schedule();
  }

  /** Nodes of the flow are being deployed, and a message for one of them would be dropped: nothing is delivered until `goOn`. */
  hold(): void {
    this.isHeld = true;
  }

  goOn(): void {
    this.isHeld = false;
    if (this.objects.length > 0) this.schedule();
  }

  /** What waits here is still in its queue, and comes again. */
  drop(): void {
    this.objects = [];
    clearImmediate(this.scheduled);
    this.scheduled = undefined;
  }

  /** The same, for good. */
  stop(): void {
    this.isStopped = true;
    this.drop();
  }

  private schedule(): void {
    this.scheduled ??= setImmediate(() => {
      this.scheduled = undefined;
      if (this.isHeld) return;
      const next = this.objects.shift();
      if (next !== undefined) this.boundary.run(() => this.deliver(next));
      if (this.objects.length > 0) this.schedule();
    });
  }

  private deliver(object: PostedObject): void {
    const { id, lease } = object;
    // The process may have been stopped since it was posted, and others have delivered it.
    if (lease !== undefined && new Lease(lease).isOver) {
      this.listener.notDelivered(id, 'it is no longer this Node-RED that has it');
      return;
    }
    try {
      this.listener.message(messageOf(object));
    } catch (error) {
      this.listener.notDelivered(id, asError(error).message.slice(0, MAX_REASON));
      throw error;
    }
    // Only a message that its first node can have got counts as delivered. One that was stopped comes again, marked redelivered.
    whenPassedOn(() => this.delivered(id));
  }

  private delivered(id: string): void {
    if (!this.isStopped) this.listener.delivered(id);
  }
}

function messageOf({ json, object, document }: PostedObject): FlowMessage {
  const message = parse(json);
  if (object !== undefined) message.dicom.object = asBuffer(object);
  if (document !== undefined && message.dicom.document !== undefined)
    message.dicom.document.data = asBuffer(document);
  return message;
}

/** A Buffer arrives from another thread as a plain Uint8Array. */
function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array<ArrayBuffer>): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

/** The error of `JSON.parse` quotes the text: it must not get into a log. */
function parse(json: string): FlowMessage {
  try {
    return JSON.parse(json) as FlowMessage;
  } catch {
    throw new Error('the message of the object is not valid JSON');
  }
}
