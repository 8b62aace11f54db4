import assert from 'node:assert/strict';
import { it } from 'node:test';
import * as settings from '../../src/settings';

/** What all types of nodes have that define their settings. */
interface Definition {
  type: string;
  names: readonly string[];
  check: (name: string, value: string) => { code: string; severity: string }[];
}

const isDefinition = (value: unknown): value is Definition =>
  typeof value === 'object' && value !== null && 'type' in value && 'names' in value && 'check' in value;

it('a directory of any node says where it begins if it is not absolute, and is used all the same', () => {
  const definitions = Object.values<unknown>(settings).filter(isDefinition);
  const fields = definitions.flatMap(({ type, names, check }) =>
    names.filter((name) => /directory$/i.test(name)).map((name) => ({ of: `${type}.${name}`, name, check })),
  );
  assert.ok(fields.length >= 8, fields.map(({ of }) => of).join());
  for (const { of, name, check } of fields) {
    const found = check(name, 'reports/today').map(({ code, severity }) => [code, severity]);
    assert.deepEqual(found, [['notAbsolute', 'warning']], of);
    for (const absolute of ['/data/in', 'C:\\in', '\\\\server\\share', '${IN}', '${HOME}/in', ''])
      assert.equal(
        check(name, absolute).some(({ code }) => code === 'notAbsolute'),
        false,
        `${of}: ${absolute}`,
      );
  }
});
