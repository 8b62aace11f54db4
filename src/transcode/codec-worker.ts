import { serve } from '../worker';
import { type CodedFrame, decodeFrame } from './codecs';

/** What may be asked of the worker that decodes. */
export interface CodecRequests {
  decode(frame: CodedFrame): Promise<Uint8Array>;
}

serve<undefined, { kind: string }, never, CodecRequests>({
  isPatient: () => false,
  begin: () => ({
    requests: { decode: decodeFrame },
    message: () => undefined,
    stop: () => Promise.resolve(),
  }),
});
