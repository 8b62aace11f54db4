import { asError } from '../basics';

/**
 * What runs on Node-RED's own thread runs inside of this: an error there would end Node-RED, with all its flows. It is
 * reported instead; where that fails, too, the process gets a warning, which Node.js writes to its error output.
 */
export class Boundary {
  constructor(private readonly report: (error: Error) => void) {}

  /** Returns what `act` returns; undefined where it throws. */
  run<Result>(act: () => Result): Result | undefined {
    try {
      return act();
    } catch (error) {
      this.failed(error);
      return undefined;
    }
  }

  /** A function, for others to call, that never throws. */
  wrap<Args extends unknown[]>(act: (...args: Args) => void): (...args: Args) => void {
    return (...args) => this.run(() => act(...args));
  }

  /** Reports what was thrown elsewhere, such as in a promise. */
  failed(error: unknown): void {
    try {
      this.report(asError(error));
    } catch (second) {
      const [first, reason] = [asError(error).message, asError(second).message];
      process.emitWarning(`node-red-contrib-dicom: ${first}; not reported: ${reason}`);
    }
  }
}
