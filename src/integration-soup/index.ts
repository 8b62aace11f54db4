export * from './integration-soup';
export * from './json-tree';
export * from './receiver-json';
