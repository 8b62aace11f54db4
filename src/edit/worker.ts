import { serve } from '../worker';
import { deidentify } from './deidentify';
import { edit } from './edit';
import { build } from './build';
import { orFailure } from './failures';
import { parse } from './parse';
import { read } from './read';
import type { EditRequests } from './requests';

const requests: EditRequests = {
  deidentify: (...args) => orFailure(() => deidentify(...args)),
  build: (...args) => orFailure(() => build(...args)),
  read: (...args) => orFailure(() => read(...args)),
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
