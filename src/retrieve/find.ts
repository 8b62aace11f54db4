import { isAcceptableInstanceUid, isPlainUid } from '../dicom';
import type { OpenOutcome } from '../network';
import { Query, type QueryEnd, type QueryLevel, type QueryPeer } from '../query';
import type { RetrieveTarget } from './retrieve-request';
import { classesOfModalities, usualClasses } from './storage-classes';
import { MOST_OBJECTS } from './target-job';

/** Matches of one query: far more series or objects than a study has. */
const MOST_MATCHES = 100_000;
/** A match may name any number of each: far more than a study has. */
const MOST_KINDS = 1_000;
const MOST_SERIES = 10_000;

type Match = Readonly<Record<string, unknown>>;

/** Asks with C-FIND. One query at a time. */
export class Finder {
  private running: Query | undefined;
  private isStopped = false;

  constructor(
    private readonly peer: QueryPeer,
    private readonly opened: (outcome: OpenOutcome) => string,
  ) {}

  stop(): void {
    this.isStopped = true;
    this.running?.cancel();
  }

  abort(text: string): void {
    this.isStopped = true;
    this.running?.abort(text);
  }

  /** Calls back with each match. Resolves with how the query ended. */
  async find(level: QueryLevel, keys: object, match: (found: Match) => void): Promise<QueryEnd> {
    let end: QueryEnd = STOPPED;
    if (this.isStopped) return end;
    const query = new Query(
      {
        id: '',
        peer: '',
        model: 'study',
        level,
        keys: JSON.stringify(keys),
        limit: MOST_MATCHES,
        extensions: { relational: false, combinedDateTime: false, fuzzy: false },
      },
      {
        matches: (found) => {
          for (const json of found) match((JSON.parse(json) as { Tags?: Match }).Tags ?? {});
          query.taken();
        },
        ended: (found) => (end = found),
      },
    );
    this.running = query;
    await query.run(this.peer, this.opened);
    this.running = undefined;
    return end;
  }
}

const STOPPED: QueryEnd = { kind: 'failed', failure: 'stopped', matches: 0, text: 'it was stopped' };

/**
 * Which SOP classes are to be proposed for a target: those that its message names, or the peer, or those that go with the
 * modalities that either of them names, or else the usual ones.
 * @returns QueryEnd where the peer cannot be reached
 */
export async function findClasses(target: RetrieveTarget, finder: Finder): Promise<string[] | QueryEnd> {
  const { sopClassUIDs, studyInstanceUID: StudyInstanceUID } = target;
  if (sopClassUIDs.length > 0) return [...sopClassUIDs];
  const modalities = new Set(target.modalities);
  if (modalities.size === 0) {
    const sopClasses = new Set<string>();
    const keys = { StudyInstanceUID, SOPClassesInStudy: null };
    const end = await finder.find('study', keys, (match) => {
      addTo(sopClasses, textsOf(match['SOPClassesInStudy']).filter(isPlainUid), MOST_KINDS);
      addTo(modalities, textsOf(match['ModalitiesInStudy']), MOST_KINDS);
    });
    if (isUnreachable(end)) return end;
    if (sopClasses.size > 0) return [...sopClasses];
  }
  if (modalities.size === 0) {
    const end = await finder.find('series', { StudyInstanceUID }, (match) => {
      addTo(modalities, textsOf(match['Modality']), MOST_KINDS);
    });
    if (isUnreachable(end)) return end;
  }
  const guessed = classesOfModalities([...modalities]);
  return guessed.length > 0 ? guessed : usualClasses();
}

/** An object in the peer. */
export interface FoundObject {
  seriesInstanceUID: string;
  sopInstanceUID: string;
  /** Undefined: the peer does not say. */
  sopClassUID?: string;
}

/** What is in the peer, and is missing here. Empty where the peer does not say. */
export async function findMissing(
  target: RetrieveTarget,
  finder: Finder,
  isMissing: (sopInstanceUID: string) => boolean,
): Promise<FoundObject[]> {
  const { studyInstanceUID: StudyInstanceUID } = target;
  const series = new Set(target.seriesInstanceUIDs);
  if (series.size === 0)
    await finder.find('series', { StudyInstanceUID }, (match) => {
      addTo(series, uidsOf(match['SeriesInstanceUID']), MOST_SERIES);
    });
  const wanted = new Set(target.sopInstanceUIDs);
  const missing = new Map<string, FoundObject>();
  for (const seriesInstanceUID of series)
    await finder.find('image', { StudyInstanceUID, SeriesInstanceUID: seriesInstanceUID }, (match) => {
      const [sopInstanceUID] = uidsOf(match['SOPInstanceUID']);
      const [sopClassUID] = textsOf(match['SOPClassUID']).filter(isPlainUid);
      const isWanted = sopInstanceUID !== undefined && (wanted.size === 0 || wanted.has(sopInstanceUID));
      if (!isWanted || !isMissing(sopInstanceUID) || missing.size >= MOST_OBJECTS) return;
      const object = { seriesInstanceUID, sopInstanceUID };
      missing.set(sopInstanceUID, { ...object, ...(sopClassUID !== undefined && { sopClassUID }) });
    });
  return [...missing.values()];
}

/** These objects of a target, by their series. */
export function targetsOf(target: RetrieveTarget, objects: readonly FoundObject[]): RetrieveTarget[] {
  const bySeries = new Map<string, string[]>();
  for (const { seriesInstanceUID, sopInstanceUID } of objects) {
    const uids = bySeries.get(seriesInstanceUID);
    if (uids === undefined) bySeries.set(seriesInstanceUID, [sopInstanceUID]);
    else uids.push(sopInstanceUID);
  }
  return Array.from(bySeries, ([seriesInstanceUID, sopInstanceUIDs]) => ({
    ...target,
    seriesInstanceUIDs: [seriesInstanceUID],
    sopInstanceUIDs,
  }));
}

function addTo(set: Set<string>, texts: readonly string[], most: number): void {
  for (const text of texts) if (set.size < most) set.add(text);
}

/** A query that the peer does not understand is no reason not to ask for the objects. */
function isUnreachable(end: QueryEnd): boolean {
  return end.kind === 'failed' && (end.failure === 'unreachable' || end.failure === 'stopped');
}

/** UIDs of instances in an attribute: what is none could neither be asked for nor told of. */
export function uidsOf(value: unknown): string[] {
  return textsOf(value).filter(isAcceptableInstanceUid);
}

/** Values of an attribute in a match: one, several or none. */
function textsOf(value: unknown): string[] {
  return [value].flat().filter((each): each is string => typeof each === 'string' && each !== '');
}
