import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';

const SRC = join(__dirname, '..', '..', 'src');
/** They pass all on that they have, and nobody asks them in a loop. */
const ASKED_ONCE = ['settings', 'integration-soup'];

describe('a door between rooms', () => {
  const doors = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('index.js'))
    .filter((file) => !ASKED_ONCE.some((room) => file.startsWith(room)));
  assert.ok(doors.length > 20, 'most rooms have one');

  for (const door of doors)
    it(`${door} gives plain properties, for with getters conversion takes half as long again`, async () => {
      const { default: names } = (await import(join(SRC, door))) as { default: object };
      for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(names)))
        // In a circle of imports a name would be missing when the door takes it.
        assert.notEqual(property.value, undefined, name);
    });
});
