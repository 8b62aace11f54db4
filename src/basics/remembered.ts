/** What is remembered may come from outside, and must not grow without end. */
const MOST_REMEMBERED = 16384;

/** What is made of a tag or the like, made once: they come again and again, and to look something up costs less. */
export function remembered<Key, T>(make: (key: Key) => T): (key: Key) => T {
  const known = new Map<Key, T>();
  return (key) => {
    const found = known.get(key);
    if (found !== undefined) return found;
    const made = make(key);
    if (known.size < MOST_REMEMBERED) known.set(key, made);
    return made;
  };
}
