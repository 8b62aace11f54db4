const works = new Set<() => void>();

/** Does what must not be left undone, when this process exits before the returned function is called. */
export function atExit(work: () => void): () => void {
  // One listener for all: Node.js warns of many.
  if (works.size === 0) process.once('exit', doAll);
  works.add(work);
  return () => {
    works.delete(work);
    if (works.size === 0) process.removeListener('exit', doAll);
  };
}

function doAll(): void {
  // What was begun last may use what was begun before.
  for (const work of [...works].reverse()) work();
}
