/**
 * Text from a peer, safe to print: everything outside printable ASCII is written as \xHH, so that it can neither forge
 * a log line nor send control sequences to a terminal.
 */
export function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, (character) => {
    const code = character.charCodeAt(0);
    return code > 0xff
      ? `\\u${code.toString(16).padStart(4, '0')}`
      : `\\x${code.toString(16).padStart(2, '0')}`;
  });
}
