export type { Link } from './link';
export { type LinkOptions, newLink } from './new-link';
export { closeLink, openLink } from './open-link';
