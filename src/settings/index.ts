export * from './checks';
export * from './fields';
export * from './integration-soup';
export * from './json-tree';
export * from './parse';
export * from './receiver-json';
export * from './response-fields';
export * from './together';
