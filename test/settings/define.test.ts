import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  choice,
  configNode,
  define,
  DICOM_IN,
  DICOM_RESPONSE,
  finding,
  flag,
  integer,
  list,
  startingAs,
  text,
  type NodeSettings,
} from '../../src/settings';

const WARM = 30;
/** A node type that there is not: all that one takes. */
const KETTLE = define(
  'kettle',
  {
    name: text(''),
    litres: integer(1, 0, 3),
    tea: startingAs('green', choice('black', 'green')),
    whistles: flag(true),
    cups: list(),
    cupboard: configNode('cupboard'),
    degrees: { ...text('0100'), digits: 4 },
    owner: text('', (value) => (value === 'nobody' ? [finding('noOwner', {}, 'warning')] : [])),
  },
  {
    together: ({ litres, degrees }) =>
      litres === 0 && Number(degrees) > WARM ? [{ field: 'litres', ...finding('boilsDry') }] : [],
  },
);

const problems = (config: Record<string, unknown>): string[] =>
  KETTLE.parse(config).problems.map(({ severity, field, code }) => `${severity} ${field} ${code}`);

describe('the settings of any node type', () => {
  it('have their defaults where a flow says nothing', () => {
    const expected = {
      name: '',
      litres: 1,
      tea: 'black',
      whistles: true,
      cups: [],
      cupboard: '',
      degrees: '0100',
      owner: '',
    };
    assert.deepEqual(KETTLE.defaults, expected);
    assert.deepEqual(KETTLE.names, Object.keys(expected));
    for (const config of [{}, { litres: null, tea: undefined, another: 5 }]) {
      assert.deepEqual(KETTLE.parse(config), { settings: expected, problems: [] });
    }
  });

  it('are read as the dialog writes them, and as environment variables come', () => {
    const { settings, problems: found } = KETTLE.parse({
      name: ' blue ',
      litres: ' 2 ',
      tea: 'green',
      whistles: 'FALSE',
      cups: ['a', 5],
      cupboard: 'c.1',
      degrees: 95,
    });
    assert.deepEqual(found, []);
    assert.deepEqual(settings, {
      name: 'blue',
      litres: 2,
      tea: 'green',
      whistles: false,
      cups: ['a', '5'],
      cupboard: 'c.1',
      degrees: '0095',
      owner: '',
    });
  });

  it('have their default where they are wrong, and their value where they are only remarkable', () => {
    assert.deepEqual(problems({ litres: '4', tea: 'mint', owner: 'nobody' }), [
      'error litres outOfRange',
      'error tea notAChoice',
      'warning owner noOwner',
    ]);
    const { litres, tea, owner } = KETTLE.parse({ litres: '4', tea: 'mint', owner: 'nobody' }).settings;
    assert.deepEqual([litres, tea, owner], [1, 'black', 'nobody']);
  });

  it('are wrong at start where a variable was not set, and never in the dialog', () => {
    for (const name of ['litres', 'tea'] as const) {
      assert.deepEqual(KETTLE.check(name, '${LITRES}'), [], name);
      assert.deepEqual(KETTLE.check(name, undefined), [], name);
      assert.equal(problems({ [name]: '${LITRES}' }).length, 1, name);
    }
  });

  it('are checked together in the dialog as at start', () => {
    const values: Record<string, unknown> = { litres: '0', degrees: '0100' };
    const inDialog = KETTLE.checkTogether(values);
    assert.deepEqual(
      inDialog.map(({ field, code }) => [field, code]),
      [['litres', 'boilsDry']],
    );
    assert.deepEqual(KETTLE.parse(values).problems, inDialog);
    assert.deepEqual(problems({ ...values, degrees: '0020' }), []);
    // What is wrong, or a variable, says nothing of the others.
    for (const litres of ['none', '${LITRES}'])
      assert.deepEqual(KETTLE.checkTogether({ ...values, litres }), [], litres);
  });
});

it('what knows settings of any node takes those of each', () => {
  const all: NodeSettings[] = [KETTLE, DICOM_IN, DICOM_RESPONSE];
  for (const settings of all) {
    const { names, defaults, fields, type } = settings;
    for (const name of names) {
      assert.deepEqual(defaults[name], fields[name]?.default, `${type} ${name}`);
      const severe = settings.check(name, defaults[name]).filter(({ severity }) => severity === 'error');
      assert.deepEqual(severe, [], `${type} ${name}: the default passes its check`);
    }
  }
});
