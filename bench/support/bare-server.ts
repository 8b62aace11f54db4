/**
 * The floor: a TCP server that writes what it reads to one file, and knows nothing of DICOM. The first eight bytes of a
 * connection say how many belong together; each so many are answered with one byte. `node bare-server.js PORT FILE`.
 */
import { ftruncateSync, openSync, writeSync } from 'node:fs';
import { createServer } from 'node:net';

const [, , port = '0', path = ''] = process.argv;
const file = openSync(path, 'w');
let connections = 0;

createServer({ noDelay: true }, (socket) => {
  let together = 0;
  let left = 0;
  connections += 1;
  // The disk is not to fill up; what is written next is new to it all the same.
  if (connections === 1) ftruncateSync(file);
  socket.on('close', () => (connections -= 1));
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    if (together === 0) {
      together = left = Number(chunk.readBigUInt64BE());
      socket.write('k');
      return;
    }
    writeSync(file, chunk);
    left -= chunk.length;
    if (left > 0) return;
    left = together;
    socket.write('k');
  });
}).listen(Number(port), '127.0.0.1');
