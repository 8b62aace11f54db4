import { it } from 'node:test';
import { MAX_IMPORT_LENGTH, readIntegrationSoup, RECEIVER_SETTING } from '../../src/integration-soup';
import { assertLinear } from '../support/machine/linear';

it('importing from Integration Soup takes time that grows with the text, also for the worst ones', () => {
  const many = (item: string, length: number): string =>
    `[${Array.from({ length: Math.floor((length - 2) / (item.length + 1)) }, () => item).join()}]`;
  for (const item of ['\n1', '{"Port":1}', '""'])
    assertLinear(
      MAX_IMPORT_LENGTH,
      (length) => {
        const text = many(item, length);
        return () => readIntegrationSoup(RECEIVER_SETTING, text);
      },
      JSON.stringify(item),
    );
  assertLinear(
    MAX_IMPORT_LENGTH,
    (length) => {
      const text = `["${'\\n'.repeat(length / 2 - 4)}"]`;
      return () => readIntegrationSoup(RECEIVER_SETTING, text);
    },
    'one text',
  );
});
