/**
 * Where something is in a message, as Node-RED's property fields, change and switch nodes write it. Their notation has no
 * escapes: undefined for a key that it cannot say.
 */
export function propertyPath(parent: string | undefined, key: string | number): string | undefined {
  if (parent === undefined) return undefined;
  if (typeof key === 'number') return `${parent}[${key}]`;
  if (/^[A-Za-z_$][\w$]*$/.test(key)) return parent === '' ? key : `${parent}.${key}`;
  if (parent === '' || key === '') return undefined;
  const quote = ['"', "'"].find((mark) => !key.includes(mark));
  return quote === undefined ? undefined : `${parent}[${quote}${key}${quote}]`;
}
