export * from './checks';
export * from './describe';
export * from './fields';
export * from './parse';
export * from './together';
