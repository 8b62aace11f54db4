import { readFileSync, writeFileSync } from 'node:fs';

/** What proc(5) tells of a process. Linux only. */

const MS_PER_TICK = 10;

/** User and system time of a process and its threads, and of its children, ended or not, in milliseconds. */
export function cpuMilliseconds(pid: number): number {
  // Children that are still there: of those that have ended, the process may not have taken notice. One that goes away
  // between these reads is in the process' own sum, which is read last.
  const children = readIfThere(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean);
  const theirs = children.reduce((sum, child) => sum + cpuMilliseconds(Number(child)), 0);
  const fields = readIfThere(`/proc/${pid}/stat`).split(') ')[1]?.split(' ') ?? [];
  return theirs + fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) * MS_PER_TICK;
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return '';
    throw error;
  }
}

/** Memory in MB: `VmRSS` now, `VmHWM` at most since `forgetPeak`. */
export function memoryMB(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const line = readFileSync(`/proc/${pid}/status`, 'utf8')
    .split('\n')
    .find((each) => each.startsWith(field));
  return Number(line?.replace(/\D/g, '')) / 1024;
}

export function forgetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}
