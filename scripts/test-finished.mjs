// A reporter for node's test runner: one line for each test file whose tests have all run, as test-rooms.mjs names it.
export default async function* finished(source) {
  for await (const { type, data } of source)
    if ((type === 'test:pass' || type === 'test:fail') && data.nesting === 0) yield `${data.name}\n`;
}
