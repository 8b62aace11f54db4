/** What knows nothing of DICOM. */
export { POISON, poison } from './poison';
