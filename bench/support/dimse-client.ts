/**
 * The obvious sender: dcmjs-dimse's own client, as its README has it: a request for each file, and one association for all
 * of them. `node dimse-client.js PORT`, with a list of files on standard input.
 */
import { readFileSync } from 'node:fs';
import * as dimse from 'dcmjs-dimse';

const [, , port = '0'] = process.argv;
const files = readFileSync(0, 'utf8').split('\n').filter(Boolean);
let stored = 0;

dimse.log.setLevel('silent');
const client = new dimse.Client();
for (const file of files) {
  const request = new dimse.requests.CStoreRequest(file);
  request.on('response', (response: dimse.responses.CStoreResponse) => {
    if (response.getStatus() === dimse.constants.Status.Success) stored += 1;
  });
  client.addRequest(request);
}
client.on('networkError', (error: Error) => {
  console.error(error.message);
  process.exit(1);
});
client.on('closed', () => process.exit(stored === files.length ? 0 : 1));
client.send('127.0.0.1', Number(port), 'BENCH', 'ANY-SCP');
