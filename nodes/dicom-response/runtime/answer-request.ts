import { asError } from '../../../src/basics';
import { type CommandStatus, Status } from '../../../src/network';
import { type FlowAnswerOutcome, MOST_BYTES, MOST_MATCHES, type QueryAnswer } from '../../../src/receiver';
import { deployedNodes } from '../../runtime/deployed-nodes';
import { type QueueName, RequestOwner } from '../../runtime/queues';
import { AnswerFailed, notHeard } from './answer-failed';
import type { AnsweringMessage } from './answering-message';

/** What is posted at a time, at most. */
const MATCHES_AT_ONCE = 64;
const CHARACTERS_AT_ONCE = 262_144;

type Outcome = FlowAnswerOutcome | { outcome: 'timedOut' };

/** Gives matches, and the status that the query ends with. @throws AnswerFailed */
export async function answerQuery(
  { nodeId, objectId }: QueueName,
  message: AnsweringMessage,
  status: CommandStatus,
): Promise<void> {
  const ask = (answer: QueryAnswer): Promise<Outcome> => {
    const receiver = deployedNodes.get(nodeId, RequestOwner)?.receiver;
    if (receiver === undefined) return Promise.resolve({ outcome: 'unknown' });
    return receiver.ask('answerQuery', objectId, answer).catch((error) => ({ outcome: notHeard(error) }));
  };
  const end = endOf(message);
  if (!hasMatches(status)) {
    expectTaken(await ask({ matches: '[]', ...status, isLast: true }));
    return;
  }
  try {
    const matches = matchesOf(message, end.isLast === true);
    if (matches.length > MOST_MATCHES) throw tooMany();
    for (const part of inParts(matches)) {
      const more = part.isLast ? end : ({ isPart: true } as const);
      const outcome = await ask({ matches: part.json, ...status, ...more });
      if (outcome.outcome === 'wrongMatch') throw wrongMatch(part.first + outcome.number, outcome.reason);
      expectTaken(outcome);
      if (outcome.outcome === 'cancelled') return;
    }
  } catch (error) {
    // The peer hears of it, too, unless it has: then this comes too late for it.
    if (error instanceof AnswerFailed && OURS.includes(error.failure)) await ask(refusalFor(error));
    throw error;
  }
}

/** @throws AnswerFailed */
export async function answerStep({ nodeId, objectId }: QueueName, status: CommandStatus): Promise<void> {
  const receiver = deployedNodes.get(nodeId, RequestOwner)?.receiver;
  if (receiver === undefined) throw new AnswerFailed('unknown');
  const asked: Promise<Outcome> = receiver.ask('answerStep', objectId, status);
  expectTaken(await asked.catch((error: unknown) => ({ outcome: notHeard(error) })));
}

/** @throws AnswerFailed */
function expectTaken(outcome: Outcome): void {
  if (outcome.outcome === 'answered' || outcome.outcome === 'cancelled') return;
  const { outcome: failure, ...values } = outcome;
  throw new AnswerFailed(
    failure,
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)])),
  );
}

/** Success, and the statuses of matches: with any other one there are no matches. */
function hasMatches({ status }: CommandStatus): boolean {
  return status === Status.success || status >> 8 === Status.pending >> 8;
}

/** Of a message with `parts`, others follow: until there are as many as they say, or one is `complete`. */
function endOf({ parts, complete }: AnsweringMessage): Pick<QueryAnswer, 'isLast' | 'count'> {
  const { count } = (typeof parts === 'object' && parts !== null ? parts : {}) as { count?: unknown };
  const isOne = parts === undefined || parts === null;
  return {
    ...((isOne || complete === true) && { isLast: true }),
    ...(!isOne && typeof count === 'number' && { count }),
  };
}

/** @throws AnswerFailed */
function matchesOf({ payload, parts, complete }: AnsweringMessage, isLast: boolean): readonly unknown[] {
  if (Array.isArray(payload)) return payload as unknown[];
  const isOfSeveral = (typeof parts === 'object' && parts !== null) || complete === true;
  if (isOfSeveral && typeof payload === 'object' && payload !== null) return [payload];
  if (isOfSeveral && isLast && (payload === undefined || payload === null)) return [];
  throw new AnswerFailed('wrongShape');
}

interface Part {
  /** The number of matches before it. */
  first: number;
  json: string;
  isLast: boolean;
}

/** At least one, one after the other: the main thread has other work in between. @throws AnswerFailed */
function* inParts(matches: readonly unknown[]): Generator<Part> {
  let texts: string[] = [];
  let characters = 0;
  let total = 0;
  let first = 0;
  for (const [at, match] of matches.entries()) {
    const text = jsonOf(match, at + 1);
    if (texts.length === MATCHES_AT_ONCE || characters + text.length > CHARACTERS_AT_ONCE) {
      if (texts.length > 0) yield { first, json: `[${texts.join(',')}]`, isLast: false };
      texts = [];
      characters = 0;
      first = at;
    }
    texts.push(text);
    characters += text.length;
    total += text.length;
    if (total > MOST_BYTES) throw tooMany();
  }
  yield { first, json: `[${texts.join(',')}]`, isLast: true };
}

function jsonOf(match: unknown, number: number): string {
  try {
    const text = JSON.stringify(match) as string | undefined;
    if (text !== undefined) return text;
  } catch (error) {
    throw wrongMatch(number, asError(error).message);
  }
  throw wrongMatch(number, 'a match is an object of keywords');
}

function wrongMatch(number: number, reason: string): AnswerFailed {
  return new AnswerFailed('wrongMatch', { number: String(number), reason });
}

function tooMany(): AnswerFailed {
  return new AnswerFailed('tooMany', {
    matches: String(MOST_MATCHES),
    megabytes: String(MOST_BYTES / 1e6),
  });
}

/** What is found here, before the receiver could. */
const OURS: readonly string[] = ['wrongShape', 'wrongMatch', 'tooMany'];

function refusalFor({ failure }: AnswerFailed): QueryAnswer {
  return failure === 'tooMany'
    ? {
        matches: '[]',
        status: Status.outOfResources,
        comment: 'there are more matches than can be answered',
        isLast: true,
      }
    : {
        matches: '[]',
        status: Status.cannotUnderstand,
        comment: 'the answer could not be encoded',
        isLast: true,
      };
}
