export * from './checks';
export * from './fields';
export * from './parse';
export * from './response-fields';
export * from './together';
