import { compressionOf } from '../dicom';
import { MAX_CONTEXTS, type ProposedContext, type RoleSelection } from '../network';
import { MODELS } from './models';

/** Transfer syntaxes behind `1.2.840.10008.1.2`, the usual first (PS3.6 Annex A). */
const SYNTAXES = [
  '.1',
  '',
  '.4.70',
  '.4.90',
  '.4.80',
  '.5',
  '.4.50',
  '.4.91',
  '.4.51',
  '.4.57',
  '.4.81',
  '.1.99',
  '.2',
  '.4.201',
  '.4.203',
  '.4.202',
  '.4.102',
  '.4.103',
  '.4.100',
  '.4.101',
  '.4.104',
  '.4.105',
  '.4.106',
  '.4.107',
  '.4.108',
  '.4.110',
  '.4.111',
  '.4.112',
  '.4.58',
  '.4.53',
  '.4.55',
  '.4.92',
  '.4.93',
  '.4.94',
  '.4.95',
  '.4.204',
  '.4.205',
].map((suffix) => `1.2.840.10008.1.2${suffix}`);

/** Transfer syntaxes of a class that have a context of their own, even where that takes several associations. */
const FEWEST_OWN = 7;
/** Contexts in which it is asked; the others are for objects. */
const FOR_REQUESTS = MODELS.length;
const FOR_OBJECTS = MAX_CONTEXTS - FOR_REQUESTS;

/** What one association of a C-GET proposes for objects. */
export interface StoragePlan {
  contexts: ProposedContext[];
  /** We are the SCP of these (PS3.7 D.3.3.4). */
  roles: RoleSelection[];
  sopClasses: ReadonlySet<string>;
}

/**
 * Plans the associations of a C-GET. Each SOP class is in one of them, so that no object comes twice; each transfer syntax has
 * a context of its own as far as there is room, as of several in one the peer would choose one in which the object is not.
 * @param accepted transfer syntaxes that are taken, the best first; empty: all
 */
export function planStorage(sopClasses: readonly string[], accepted: readonly string[]): StoragePlan[] {
  const syntaxes = accepted.length > 0 ? accepted : SYNTAXES;
  const room = Math.floor(FOR_OBJECTS / Math.max(1, sopClasses.length));
  const own = Math.max(FEWEST_OWN, room >= syntaxes.length ? syntaxes.length : room - 1);
  const perClass = Math.min(own, syntaxes.length) + Number(syntaxes.length > own);
  const perAssociation = Math.floor(FOR_OBJECTS / perClass);
  const plans: StoragePlan[] = [];
  for (let at = 0; at < sopClasses.length; at += perAssociation)
    plans.push(planOf(sopClasses.slice(at, at + perAssociation), syntaxes, own));
  return plans;
}

function planOf(sopClasses: readonly string[], syntaxes: readonly string[], own: number): StoragePlan {
  const rest = syntaxes.slice(own);
  const lists = [...syntaxes.slice(0, own).map((each) => [each]), ...(rest.length > 0 ? [[...rest]] : [])];
  const proposals = sopClasses.flatMap((abstractSyntax) =>
    lists.map((transferSyntaxes) => ({ abstractSyntax, transferSyntaxes })),
  );
  return {
    contexts: proposals.map((proposal, index) => ({ id: contextId(FOR_REQUESTS + index), ...proposal })),
    roles: sopClasses.map((sopClass) => ({ sopClass, scu: false, scp: true })),
    sopClasses: new Set(sopClasses),
  };
}

/** Those in which pixels may be compressed, each as one association would propose it alone. */
const COMPRESSED = SYNTAXES.filter((uid) => compressionOf(uid) !== 'none');
/** How many of those are tried. */
const MOST_TRIED = 12;

/**
 * Plans for peers that do not look for the context with an object's own transfer syntax, but take the first one of its SOP class:
 * one association for each transfer syntax.
 * @param accepted as `planStorage`
 */
export function planOneByOne(sopClasses: readonly string[], accepted: readonly string[]): StoragePlan[] {
  const isTaken = (uid: string): boolean => accepted.length === 0 || accepted.includes(uid);
  const classes = sopClasses.slice(0, FOR_OBJECTS);
  return COMPRESSED.filter(isTaken)
    .slice(0, MOST_TRIED)
    .map((uid) => planOf(classes, [uid], 1));
}

/** Ids are odd (PS3.8 9.3.2.2). */
export const contextId = (index: number): number => 2 * index + 1;
