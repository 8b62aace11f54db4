/**
 * Calls back when the first node behind can have got the message that has just been sent: Node-RED passes messages on in later
 * turns of the event loop, and a process that ends, or a flow that is stopped, in between drops them. Who lets go of an object
 * before that may leave the flow without a word of it.
 */
export function whenPassedOn(act: () => void): void {
  setImmediate(() => setImmediate(act));
}

/** The same to wait for. */
export function passedOn(): Promise<void> {
  return new Promise(whenPassedOn);
}
