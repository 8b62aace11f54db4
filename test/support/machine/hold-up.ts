/** Holds up the event loop for so many milliseconds: what is sent to this process waits in the system meanwhile. */
export function holdUp(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
