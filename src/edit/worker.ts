import { serve } from '../worker';
import { deidentify } from './deidentify';
import { edit } from './edit';
import { orFailure } from './failures';
import { parse } from './parse';
import type { EditRequests } from './requests';

const requests: EditRequests = {
  deidentify: (...args) => orFailure(() => deidentify(...args)),
  parse: (...args) => orFailure(() => parse(...args)),
  edit: (...args) => orFailure(() => edit(...args)),
};

/** The entry of the worker in which objects are read and changed. It has nothing but what it is asked for. */
serve<undefined, { kind: never }, never, EditRequests>({
  isPatient: () => false,
  begin: () => ({
    requests,
    message: () => undefined,
    stop: () => Promise.resolve(),
  }),
});
