import { LONGEST_TIMER_MS } from '../basics';
import type { SendJob } from './send-job';

interface Homeless {
  peer: string;
  job: SendJob;
  timer: NodeJS.Timeout | undefined;
}

/** What is for peers that are not deployed, until they are, or until whoever waits for it gives it up. */
export class HomelessJobs {
  /** By id. */
  private readonly jobs = new Map<string, Homeless>();

  add(peer: string, job: SendJob): void {
    this.delete(job.id);
    const { giveUpMs } = job.policy;
    const hasTime = job.isStored || giveUpMs > LONGEST_TIMER_MS;
    const timer = hasTime ? undefined : setTimeout(() => this.giveUp(job, giveUpMs), Math.max(0, giveUpMs));
    this.jobs.set(job.id, { peer, job, timer });
    job.peerWanted?.();
  }

  delete(id: string): void {
    clearTimeout(this.jobs.get(id)?.timer);
    this.jobs.delete(id);
  }

  /** The same for all whose id is so. */
  deleteAll(isSo: (id: string) => boolean): void {
    for (const id of [...this.jobs.keys()].filter(isSo)) this.delete(id);
  }

  /** Takes what is for a peer that is deployed now, the oldest first. */
  take(peer: string): SendJob[] {
    const jobs = [...this.jobs.values()].flatMap((each) => (each.peer === peer ? [each.job] : []));
    for (const { id } of jobs) this.delete(id);
    return jobs;
  }

  /** Nobody waits for it any more. */
  clear(): void {
    this.deleteAll(() => true);
  }

  private giveUp(job: SendJob, giveUpMs: number): void {
    this.jobs.delete(job.id);
    const text = 'given up: the peer is not deployed';
    job.settled({
      ...{ kind: 'failed', failure: 'unreachable', text, attempts: 0 },
      milliseconds: Math.max(0, Math.round(giveUpMs)),
    });
  }
}
