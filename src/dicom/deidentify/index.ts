export {
  type DeidentifiedObject,
  deidentify,
  type DeidentifyRequest,
  Profile,
  type ProfileOptions,
} from './deidentify';
export { Identifiers, LEAST_SECRET_BYTES } from './identifiers';
export { KeptBack, type KeptBackReason } from './kept-back';
export { DEIDENTIFY_OPTIONS, type DeidentifyOption } from './options';
