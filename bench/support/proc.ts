import { readFileSync, writeFileSync } from 'node:fs';

/** What proc(5) tells of a process. Linux only. */

const MS_PER_TICK = 10;

/** User and system time of a process and its threads, and of its children, ended or not, in milliseconds. */
export function cpuMilliseconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  const own = fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) * MS_PER_TICK;
  // Those of which the process has not yet taken notice that they ended.
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
  return children.reduce((sum, child) => sum + cpuMilliseconds(Number(child)), own);
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
