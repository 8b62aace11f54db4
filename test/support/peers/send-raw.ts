import { join } from 'node:path';
import { run } from '../machine/run';
import { corpus } from '../objects/corpus';

/** One object that `send_raw.py` tried to send. */
export interface RawSent {
  status: string;
  sopClassUID: string;
  sopInstanceUID: string;
  transferSyntaxUID: string;
  size: number;
  path: string;
}

/** Sends files with their bytes unchanged, each in its own transfer syntax. */
export async function sendRaw(
  port: number,
  paths: readonly string[],
  options: string[] = [],
): Promise<RawSent[]> {
  const script = join(corpus, 'tools', 'send_raw.py');
  const { output } = await run('python3', [script, ...options, '127.0.0.1', String(port), ...paths]);
  return output
    .split('\n')
    .map((line) => line.split('\t'))
    .filter((columns) => columns.length === 6)
    .map(([status = '', sopClassUID = '', sopInstanceUID = '', transferSyntaxUID = '', size, path = '']) => ({
      status,
      sopClassUID,
      sopInstanceUID,
      transferSyntaxUID,
      size: Number(size),
      path,
    }));
}
