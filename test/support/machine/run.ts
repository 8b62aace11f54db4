import { spawn } from 'node:child_process';

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
