/** dcmjs ships no types; this is the part that src/network uses. */
declare module 'dcmjs' {
  export const log: { setLevel(level: 'silent' | 'error' | 'warn'): void };
}
