import type { EditRequests } from '../../src/edit';
import { serve } from '../../src/worker';

const refused = (): never => {
  throw new Error('it is not asked for that');
};

/** A worker that ends, as one without memory does, at work on an object that is called so; others take a moment. */
const requests = {
  parse: async ({ sopInstanceUID = '' }) => {
    await new Promise((resolve) => setTimeout(resolve, 10));
    if (sopInstanceUID === 'breaks') process.exit(1);
    if (sopInstanceUID === 'hangs') for (;;);
    await new Promise((resolve) => setTimeout(resolve, 100));
    return { json: sopInstanceUID };
  },
  deidentify: refused,
  edit: refused,
  read: refused,
  build: refused,
} satisfies EditRequests;

serve<undefined, { kind: never }, never, EditRequests>({
  isPatient: () => false,
  begin: () => ({ requests, message: () => undefined, stop: () => Promise.resolve() }),
});
