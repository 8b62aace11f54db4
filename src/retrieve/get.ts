import { crc32 } from 'node:zlib';
import { type CommandStatus, type IncomingObject, type ObjectStore, Status } from '../network';
import { findClasses, findMissing, type FoundObject, targetsOf } from './find';
import type { ObjectPlace } from './object-place';
import type { Requests } from './requests';
import type { RetrieveTarget } from './retrieve-request';
import { planOneByOne, planStorage, type StoragePlan } from './storage-plan';
import { MOST_OBJECTS, type TargetJob } from './target-job';

/** The C-GETs of a retrieval: what is proposed for a target, on as many associations as that needs. */
export class Getting {
  constructor(
    private readonly requests: Requests,
    private readonly place: ObjectPlace,
  ) {}

  /** One try. */
  async get(job: TargetJob): Promise<void> {
    job.begins();
    job.mayWork = false;
    job.plans ??= await this.plan(job);
    const plans = job.plans ?? [];
    // A peer may end all of it at the first object that has no context: each association is asked for its own.
    const isListed = plans.length > 1 && (await this.getListed(job));
    if (!isListed) for (const plan of plans) if (!this.isGot(job)) await this.getBy(plan, job, [job.target]);
    if (!job.isSearched && !this.isGot(job)) await this.getMissing(job);
  }

  /** Object by object, as the peer lists them with their SOP classes. False: it does not. */
  private async getListed(job: TargetJob): Promise<boolean> {
    const missing = await this.missing(job);
    const classes = classesIn(missing);
    if (classes.length === 0) return false;
    for (const plan of planStorage(classes, this.place.transferSyntaxes)) {
      const objects = missing.filter(({ sopClassUID }) => plan.sopClasses.has(sopClassUID ?? ''));
      await this.getBy(plan, job, targetsOf(job.target, objects));
    }
    return true;
  }

  /** Objects of SOP classes that were not thought of, and of peers that choose contexts by the SOP class alone. */
  private async getMissing(job: TargetJob): Promise<void> {
    job.isSearched = true;
    await this.getListed(job);
    const missing = this.isGot(job) ? [] : await this.missing(job);
    const named = classesIn(missing);
    const classes =
      named.length > 0 ? named : [...new Set(job.plans?.flatMap((plan) => [...plan.sopClasses]))];
    for (const plan of planOneByOne(classes, this.place.transferSyntaxes)) {
      const targets = targetsOf(
        job.target,
        missing.filter(({ sopInstanceUID }) => !job.received.has(sopInstanceUID)),
      );
      if (targets.length === 0 || this.isGot(job)) return;
      await this.getBy(plan, job, targets);
    }
  }

  private missing(job: TargetJob): Promise<FoundObject[]> {
    return findMissing(job.target, this.requests.finder, (uid) => !job.received.has(uid));
  }

  /** Nothing is missing, or there is no use in going on. */
  private isGot(job: TargetJob): boolean {
    return this.isVain(job) || (job.status !== undefined && job.isComplete);
  }

  private isVain(job: TargetJob): boolean {
    return this.requests.areOver || job.failure !== undefined;
  }

  /** Undefined: the peer cannot be reached. */
  private async plan(job: TargetJob): Promise<StoragePlan[] | undefined> {
    const found = await findClasses(job.target, this.requests.finder);
    if (Array.isArray(found)) return planStorage(found, this.place.transferSyntaxes);
    const text = found.kind === 'failed' ? found.text : '';
    if (!this.requests.areOver) job.fail('unreachable', text, true);
    return undefined;
  }

  /** @param targets what of the job is asked for */
  private async getBy(plan: StoragePlan, job: TargetJob, targets: readonly RetrieveTarget[]): Promise<void> {
    if (this.isVain(job)) return;
    job.begins();
    const { contexts, roles, sopClasses } = plan;
    const { maxObjectBytes } = this.place;
    const accepts = (sopClassUID: string): boolean => sopClasses.has(sopClassUID);
    const storage = { store: storeOf(job, this.place), accepts, maxObjectBytes };
    await this.requests.ask(job, targets, { contexts, roles, storage });
  }
}

/**
 * Takes the objects of a job, of which it is told. What came on an association before is in the queue: it is not stored again, unless it
 * is another object of the same UID.
 */
function storeOf(job: TargetJob, place: ObjectPlace): ObjectStore {
  const store = place.store((identity) => job.refuses(identity));
  const before = new Map(job.received);
  const refused = (uid: string, status: CommandStatus): { refused: CommandStatus } => {
    job.stored(uid, status.status);
    return { refused: status };
  };
  return {
    begin: (request) => {
      const { sopInstanceUID } = request;
      const known = before.get(sopInstanceUID);
      if (known === undefined && job.inQueue >= MOST_OBJECTS) return refused(sopInstanceUID, TOO_MANY);
      const begun = store.begin(request);
      if (known === undefined && 'refused' in begun) return refused(sopInstanceUID, begun.refused);
      const object = 'refused' in begun ? unstored(begun.refused) : begun;
      let checksum = 0;
      return {
        append: (bytes) => {
          checksum = crc32(bytes, checksum);
          const status = object.append(bytes);
          if (status !== undefined) job.stored(sopInstanceUID, status.status);
          return status;
        },
        complete: async () => {
          if (known === checksum) {
            object.discard();
            return { status: Status.success };
          }
          const answer = await object.complete();
          job.stored(sopInstanceUID, answer.status, checksum);
          return answer;
        },
        discard: () => {
          object.discard();
          job.notStored(sopInstanceUID);
        },
      };
    },
  };
}

/** An object for which there is no place: it is looked at whether it is there already. */
const unstored = (status: CommandStatus): IncomingObject => ({
  append: () => undefined,
  complete: () => Promise.resolve(status),
  discard: () => undefined,
});
const TOO_MANY: CommandStatus = { status: Status.outOfResources, comment: 'too many objects' };

function classesIn(objects: readonly FoundObject[]): string[] {
  return [...new Set(objects.flatMap(({ sopClassUID }) => sopClassUID ?? []))];
}
