import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { corpora, corpus } from './needs';

export interface Ran {
  code: number | null;
  output: string;
}

/** Runs a program to its end, with TCP_NODELAY on for DCMTK (DIMSE-TRAPS.md, last section). */
export function run(
  program: string,
  args: readonly string[],
  { timeoutMs = 120_000, cwd = process.cwd() } = {},
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, TCP_NODELAY: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString('latin1')));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString('latin1')));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
}

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

/** A row of the corpus' manifest, by column name, and where its file lies. */
export type ManifestRow = Record<string, string> & { file: string };

/** The rows of every corpus' manifest; of two for one path ours. */
export function readManifest(): ManifestRow[] {
  const rows = new Map<string, ManifestRow>();
  for (const folder of corpora) {
    const [head = '', ...lines] = readFileSync(join(folder, 'MANIFEST.tsv'), 'utf8').trim().split('\n');
    const names = head.split('\t');
    for (const line of lines) {
      const row = Object.fromEntries(line.split('\t').map((value, at) => [names[at] ?? '', value]));
      const path = row['path'] ?? '';
      if (!rows.has(path)) rows.set(path, { ...row, file: join(folder, path) });
    }
  }
  return [...rows.values()];
}
