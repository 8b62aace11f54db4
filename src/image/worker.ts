import { orFailure } from '../edit';
import { serve } from '../worker';
import { pictures } from './pictures';
import type { ImageRequests } from './requests';

/** The entry of the worker in which pictures are made. It has nothing but what it is asked for. */
serve<undefined, { kind: never }, never, ImageRequests>({
  isPatient: () => false,
  begin: () => ({
    requests: { pictures: (...args) => orFailure(() => pictures(...args)) },
    message: () => undefined,
    stop: () => Promise.resolve(),
  }),
});
