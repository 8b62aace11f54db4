import { readFileSync, writeFileSync } from 'node:fs';

/** What proc(5) tells of a process. Linux only. */

const MS_PER_TICK = 10;

/** User and system time of a process and its threads, and of its children, ended or not, in milliseconds. */
export function cpuMilliseconds(pid: number): number {
  // Children that are still there: of those that have ended, the process may not have taken notice. One that goes away
  // between these reads is in the process' own sum, which is read last.
  const children = readIfThere(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean);
  const theirs = children.reduce((sum, child) => sum + cpuMilliseconds(Number(child)), 0);
  return theirs + ticksOf(pid).reduce((sum, ticks) => sum + ticks, 0) * MS_PER_TICK;
}

/** Of this process and its threads, in milliseconds. */
export function ownCpuMilliseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** Of children of this process that have ended, in milliseconds, in steps of 10. */
export function endedCpuMilliseconds(): number {
  const [, , user = 0, system = 0] = ticksOf(process.pid);
  return (user + system) * MS_PER_TICK;
}

/** User and system time of a process, and of its children that have ended. */
function ticksOf(pid: number): number[] {
  const fields = readIfThere(`/proc/${pid}/stat`).split(') ')[1]?.split(' ') ?? [];
  return fields.slice(11, 15).map(Number);
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
