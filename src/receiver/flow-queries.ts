import { randomUUID } from 'node:crypto';
import { DicomError, encodeMatch, tagOfKeyword, uidName } from '../dicom';
import {
  type CommandStatus,
  type FindRequest,
  hexStatus,
  type PendingResponses,
  type QueryListener,
  Status,
  type Unwanted,
} from '../network';
import {
  answerableKeys,
  answerOf,
  FIND_SOP_CLASS,
  type Keys,
  type QueryLevel,
  type QueryModel,
} from '../query';
import { FlowDeadline, type FlowAnswerOutcome, MOST_IN_FLOW, PastAnswers } from './flow-answers';
import { aboutCaller, type PostedRequest, readRequest, type RequestDataSet } from './posted-request';

/** Of the matches of one query. */
export const MOST_MATCHES = 10_000;
export const MOST_BYTES = 16_000_000;

/** A part of an answer: plain data that can be posted. */
export interface QueryAnswer {
  /** JSON of an array of matches, each an object by keyword. */
  matches: string;
  /** DIMSE status: of matches FF00 or FF01, of the last response what it ends with. */
  status: number;
  comment?: string;
  /** More of the same message follows. */
  isPart?: true;
  /** No other message follows; else it is one of several, of which `count` says how many there are, once that is known. */
  isLast?: true;
  count?: number;
}

/** What a receiver needs for it. */
export interface FlowQueriesOptions {
  receiverId: string;
  deadlineSeconds: number;
  defaultCharacterSet: string;
  /** Gives a query to the flow. */
  ask(query: PostedRequest): void;
  /** The flow did not answer in time. */
  timedOut(id: string): void;
}

/** A query that is in the flow. */
interface Asked {
  id: string;
  keys: Keys;
  characterSet: readonly string[];
  transferSyntaxUID: string;
  pending: PendingResponses;
  deadline: FlowDeadline;
  /** What has been given, sent or not. */
  matches: number;
  bytes: number;
  messages: number;
  count: number | undefined;
  /** Of one answer after the other. */
  turn: Promise<unknown>;
  end(status: CommandStatus, past: FlowAnswerOutcome): void;
}

/** Queries that the flow answers (PS3.4 C.4.1, K.4.1): from the request to the last response, whatever the flow does. */
export class FlowQueries implements QueryListener {
  private readonly asking = new Map<string, Asked>();
  private readonly past = new PastAnswers();
  private isClosed = false;

  constructor(private readonly options: FlowQueriesOptions) {}

  asked(request: FindRequest, pending: PendingResponses): Promise<CommandStatus> {
    if (this.isClosed) return Promise.resolve(STOPS);
    if (this.asking.size >= MOST_IN_FLOW) return Promise.resolve(TOO_MANY_QUERIES);
    const { defaultCharacterSet } = this.options;
    let dataSet: RequestDataSet;
    try {
      dataSet = readRequest(request.identifier, request.transferSyntaxUID, defaultCharacterSet);
    } catch (error) {
      if (!(error instanceof DicomError)) throw error;
      return Promise.resolve({ status: Status.cannotUnderstand, comment: error.message });
    }
    const model = modelOf(request.sopClassUID);
    const level = levelOf(model, dataSet.attributes);
    if (level === 'wrong') return Promise.resolve(WRONG_LEVEL);
    return this.toFlow(request, dataSet, model, level, pending);
  }

  /** Takes what the flow answers. Resolves when it has been sent, so that whoever gives it cannot get far ahead of the peer. */
  answer(id: string, answer: QueryAnswer): Promise<FlowAnswerOutcome> {
    const query = this.asking.get(id);
    if (query === undefined) return Promise.resolve(this.past.of(id));
    const matches = JSON.parse(answer.matches) as unknown[];
    query.matches += matches.length;
    query.bytes += answer.matches.length;
    query.messages += Number(answer.isPart !== true);
    query.count ??= answer.count;
    query.deadline.stop();
    const isEnd = query.count === undefined ? answer.isLast === true : query.messages >= query.count;
    const outcome = query.turn.then(() => this.take(query, matches, answer, isEnd));
    // It does not reject, but for a fault of ours, of which whoever gave this answer hears: the query is not to wait for ever.
    query.turn = outcome.catch(() => query.end(WRONG_ANSWER, ALREADY));
    return outcome;
  }

  /** Ends them all, and takes no more. */
  close(): void {
    this.isClosed = true;
    for (const query of [...this.asking.values()]) query.end(STOPS, { outcome: 'tooLate' });
  }

  private toFlow(
    request: FindRequest,
    { attributes, characterSet, warnings }: RequestDataSet,
    model: QueryModel,
    level: QueryLevel | undefined,
    pending: PendingResponses,
  ): Promise<CommandStatus> {
    const { receiverId } = this.options;
    const id = randomUUID();
    const { QueryRetrieveLevel: asked, ...others } = attributes;
    const keys = { ...others };
    // What texts were in is in `dicom`.
    delete keys['SpecificCharacterSet'];
    const { association, messageId, sopClassUID, transferSyntaxUID } = request;
    const asking = { ...(level !== undefined && { QueryRetrieveLevel: asked }), ...keys };
    const answerable = answerableKeys(asking, (answer) => canEncode(answer, transferSyntaxUID, characterSet));
    const facts = { keys: answerable, characterSet, transferSyntaxUID, pending };
    const answer = this.wait(id, facts, pending.unwanted);
    const dicom = {
      queryId: `${receiverId}:${id}`,
      model,
      ...(level !== undefined && { level }),
      ...aboutCaller(association),
      messageId,
      sopClassUID,
      sopClassName: uidName(sopClassUID) ?? sopClassUID,
      ...(characterSet.length > 0 && { characterSet: characterSet.join('\\') }),
      receivedAt: new Date().toISOString(),
      ...(warnings.length > 0 && { warnings }),
    };
    this.options.ask({ id, json: JSON.stringify({ payload: keys, topic: model, dicom }) });
    return answer;
  }

  private wait(
    id: string,
    facts: Pick<Asked, 'keys' | 'characterSet' | 'transferSyntaxUID' | 'pending'>,
    unwanted: AbortSignal,
  ): Promise<CommandStatus> {
    const { deadlineSeconds: seconds } = this.options;
    return new Promise((resolve) => {
      const deadline = new FlowDeadline(seconds, () => {
        const comment = `no answer within ${seconds} s`;
        query.end({ status: Status.notAnswered, comment }, { outcome: 'tooLate' });
        this.options.timedOut(id);
      });
      const query: Asked = {
        id,
        ...facts,
        deadline,
        matches: 0,
        bytes: 0,
        messages: 0,
        count: undefined,
        turn: Promise.resolve(),
        end: (status, past) => {
          if (!this.asking.delete(id)) return;
          deadline.stop();
          this.past.add(id, past);
          resolve(status);
        },
      };
      this.asking.set(id, query);
      deadline.start();
      unwanted.addEventListener('abort', () => {
        const isCancelled = (unwanted.reason as Unwanted) === 'cancelled';
        query.end({ status: Status.cancel }, { outcome: isCancelled ? 'cancelled' : 'tooLate' });
      });
    });
  }

  private async take(
    query: Asked,
    matches: readonly unknown[],
    answer: QueryAnswer,
    isEnd: boolean,
  ): Promise<FlowAnswerOutcome> {
    if (!this.asking.has(query.id)) return this.past.of(query.id);
    const { status, comment } = answer;
    const words = comment === undefined ? {} : { comment };
    if (!isQueryStatus(status)) {
      query.end(WRONG_ANSWER, ALREADY);
      return { outcome: 'wrongStatus', value: hexStatus(status) };
    }
    const isPending = PENDING.has(status);
    if (status !== Status.success && !isPending) {
      query.end({ status, ...words }, ALREADY);
      return ANSWERED;
    }
    if (query.matches > MOST_MATCHES || query.bytes > MOST_BYTES) {
      query.end(TOO_MANY_MATCHES, ALREADY);
      return { outcome: 'tooMany', matches: MOST_MATCHES, megabytes: MOST_BYTES / 1e6 };
    }
    const failed = await this.send(query, matches, isPending ? status : Status.pending);
    if (failed !== undefined) {
      query.end(WRONG_ANSWER, ALREADY);
      return failed;
    }
    // Cancelled, or gone, meanwhile.
    if (!this.asking.has(query.id)) return this.past.of(query.id);
    if (isEnd) query.end({ status: Status.success }, ALREADY);
    else query.deadline.start();
    return ANSWERED;
  }

  /** Undefined: they have been sent, as far as they are wanted. */
  private async send(
    query: Asked,
    matches: readonly unknown[],
    status: number,
  ): Promise<FlowAnswerOutcome | undefined> {
    let began = performance.now();
    for (const [at, match] of matches.entries()) {
      let identifier: Buffer;
      try {
        identifier = encoded(query, match);
      } catch (error) {
        if (!(error instanceof DicomError)) throw error;
        return { outcome: 'wrongMatch', number: at + 1, reason: error.message };
      }
      await query.pending.send(status, identifier);
      if (!this.asking.has(query.id)) return undefined;
      // A cancel is to be heard in the middle of many, and other associations go on beside one that asks for thousands of keys.
      if (performance.now() - began < TURN_MS) continue;
      await soon();
      began = performance.now();
    }
    return undefined;
  }
}

const TURN_MS = 5;
const soon = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** @throws DicomError */
function encoded({ keys, characterSet, transferSyntaxUID }: Asked, match: unknown): Buffer {
  if (typeof match !== 'object' || match === null || Array.isArray(match))
    throw new DicomError('query-invalid', 'a match is an object of keywords');
  // Such as a row with the names of a database: all that was asked for would be empty.
  const names = Object.keys(match);
  if (names.length > 0 && names.every((name) => tagOfKeyword(name) === undefined))
    throw new DicomError(
      'query-invalid',
      'none of its properties is a keyword of PS3.6, such as PatientName',
    );
  return encodeMatch(answerOf(keys, match as Keys), transferSyntaxUID, characterSet);
}

function canEncode(answer: Keys, transferSyntaxUID: string, characterSet: readonly string[]): boolean {
  try {
    encodeMatch(answer, transferSyntaxUID, characterSet);
    return true;
  } catch (error) {
    if (error instanceof DicomError) return false;
    throw error;
  }
}

const PENDING: ReadonlySet<number> = new Set([0xff00, 0xff01]);
const ANSWERED: FlowAnswerOutcome = { outcome: 'answered' };
const ALREADY: FlowAnswerOutcome = { outcome: 'alreadyAnswered' };
const STOPS: CommandStatus = { status: Status.outOfResources, comment: 'the receiver stops' };
const TOO_MANY_QUERIES: CommandStatus = {
  status: Status.outOfResources,
  comment: `${MOST_IN_FLOW} queries are being answered, which is the limit`,
};
const TOO_MANY_MATCHES: CommandStatus = {
  status: Status.outOfResources,
  comment: 'there are more matches than can be answered',
};
const WRONG_ANSWER: CommandStatus = {
  status: Status.cannotUnderstand,
  comment: 'the answer could not be encoded',
};
const WRONG_LEVEL: CommandStatus = {
  status: Status.dataSetDoesNotMatchSopClass,
  comment: 'Query/Retrieve Level is missing or none of this model',
};

/**
 * A status that the last response to a query may have, or a match (PS3.4 C.4.1.1.4, K.4.1.1.4; PS3.7 9.1.2.1.5): success, FF00 and
 * FF01, FE00, A7xx, A900, Cxxx, and that a SOP class is not supported or somebody not authorized.
 */
export function isQueryStatus(status: number): boolean {
  return (
    [0x0000, 0xff00, 0xff01, 0xfe00, 0xa900, 0x0122, 0x0124].includes(status) ||
    status >> 8 === 0xa7 ||
    status >> 12 === 0xc
  );
}

function modelOf(sopClassUID: string): QueryModel {
  const models = Object.entries(FIND_SOP_CLASS) as [QueryModel, string][];
  return models.find(([, uid]) => uid === sopClassUID)?.[0] ?? 'study';
}

const LEVELS: Readonly<Record<'patient' | 'study', readonly string[]>> = {
  patient: ['PATIENT', 'STUDY', 'SERIES', 'IMAGE'],
  study: ['STUDY', 'SERIES', 'IMAGE'],
};

/** A worklist has none. */
function levelOf(model: QueryModel, keys: Keys): QueryLevel | undefined | 'wrong' {
  if (model === 'worklist') return undefined;
  const level = keys['QueryRetrieveLevel'];
  if (typeof level !== 'string' || !LEVELS[model].includes(level)) return 'wrong';
  return level.toLowerCase() as QueryLevel;
}
