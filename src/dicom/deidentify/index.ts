export { type DeidentifiedObject, deidentify, Profile, type ProfileOptions } from './deidentify';
export { Identifiers } from './identifiers';
export { KeptBack, type KeptBackReason } from './kept-back';
export { DEIDENTIFY_OPTIONS, type DeidentifyOption } from './options';
