export { prepareDatabase } from './prepare-database';
export { BLOCK_OBJECTS, isPlainName } from './schema';
export { checkDurable } from './server-checks';
