/** The bytes of an object are not those that were received, and never will be. */
export class ObjectDamaged extends Error {
  override readonly name = 'ObjectDamaged';
}
