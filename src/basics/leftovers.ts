/**
 * Makes a function that runs what must not fail the object that is being handled, and tells of it where that fails: a file
 * that stays is found at the next start.
 */
export function leftoversTo(onLeftover: (error: Error) => void): (operation: () => void) => void {
  return (operation) => {
    try {
      operation();
    } catch (error) {
      onLeftover(error as Error);
    }
  };
}
