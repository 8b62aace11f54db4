import { serveJob } from '../../../src/worker';

/** A job that does what it is told. */
export type Told = { bytes: Uint8Array } | 'throw' | 'loop' | 'memory' | 'exit';

serveJob((told: Told): number => {
  if (typeof told !== 'string') return told.bytes.reduce((sum, byte) => sum + byte, 0);
  if (told === 'throw') throw new Error('no work today');
  if (told === 'exit') process.exit(7);
  const kept: unknown[] = [];
  for (;;) if (told === 'memory') kept.push(new Array(100_000).fill({ told }));
});
