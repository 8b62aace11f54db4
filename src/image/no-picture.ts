/** Why there is no picture of an object, in words for an operator, without values of the object. */
export class NoPicture extends Error {
  override readonly name = 'NoPicture';
  readonly code = 'no-picture';
}
