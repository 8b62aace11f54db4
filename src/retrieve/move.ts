import { findMissing, targetsOf } from './find';
import type { Requests } from './requests';
import type { RetrieveTarget } from './retrieve-request';
import type { TargetJob } from './target-job';

/** A try of a C-MOVE: of all of it as long as nothing has been moved, then of what failed, where all of that can be named. */
export async function move(job: TargetJob, requests: Requests): Promise<void> {
  const targets = job.hasSome ? await failedOf(job, requests) : [job.target];
  if (targets.length === 0) {
    job.giveUp();
    return;
  }
  job.begins();
  job.repeats();
  await requests.ask(job, targets);
}

async function failedOf(job: TargetJob, { finder }: Requests): Promise<RetrieveTarget[]> {
  const { target, counts } = job;
  const failed = new Set(job.failedSOPInstanceUIDs);
  if (failed.size === 0 || failed.size !== counts.failed + counts.remaining) return [];
  const isFailed = (uid: string): boolean => failed.has(uid);
  if (target.sopInstanceUIDs.length > 0) {
    const sopInstanceUIDs = target.sopInstanceUIDs.filter(isFailed);
    return sopInstanceUIDs.length === failed.size ? [{ ...target, sopInstanceUIDs }] : [];
  }
  const found = await findMissing(target, finder, isFailed);
  return found.length === failed.size ? targetsOf(target, found) : [];
}
