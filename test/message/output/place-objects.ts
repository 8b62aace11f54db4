import { BlockBuffer } from '../../../src/queue/block-buffer';
import { FileOutput, type FileOutputSettings } from '../../../src/message/output/file-output';

/** A process of its own: two outputs that place 150 objects each, the same names in each of them. */
const [directory = '', collision = '', whose = ''] = process.argv.slice(2);
const settings: FileOutputSettings = {
  directory,
  collision: collision as FileOutputSettings['collision'],
  filenameTemplate: '{A}/{A}.dcm',
  queue: 'disk',
};
const outputs = ['first', 'second'].map((name) => ({ name, files: new FileOutput(settings) }));
for (let number = 0; number < 150; number += 1)
  for (const { name, files } of outputs) {
    const bytes = new BlockBuffer();
    bytes.append(Buffer.from(`object ${number} of ${name} in ${whose} ${'x'.repeat(20_000)}`));
    files.place({ kind: 'memory', bytes }, { A: String(number) }, false, String(number));
  }
