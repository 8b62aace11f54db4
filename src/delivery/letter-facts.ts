import type { LetterFacts } from '../admin-api';
import { parseDataSet, type ParsedDataSet } from '../dicom';
import {
  classFacts,
  contentSource,
  dataSetFacts,
  type FileEnvelope,
  type HeadOf,
  type ObjectEnvelope,
  type ObjectHead,
  type ObjectNote,
} from '../object';
import type { QueuedObject } from '../queue';

/**
 * What people see of an object that could not be delivered: as much as can be read.
 * @param readsDataSet false: it may have been what ended the process, so only what stands before it is read
 */
export function letterFacts(queued: QueuedObject, headOf: HeadOf, readsDataSet: boolean): LetterFacts {
  const facts: LetterFacts = {};
  try {
    queued.read((content) => {
      const source = contentSource(content);
      facts.size = source.size;
      const head = (queued.note as ObjectNote | undefined)?.head ?? headOf(source, content, queued.id);
      Object.assign(facts, ofEnvelope(head.envelope));
      if (readsDataSet) Object.assign(facts, dataSetFacts(parse(source, head)));
    }, true);
  } catch (error) {
    // What has been read is told; why no more could be is not what made it a dead letter.
    if (!(error instanceof Error)) throw error;
  }
  return facts;
}

/** When the object was received, by the wall clock: milliseconds. Now, where that cannot be read. */
export function receivedAt(queued: QueuedObject, headOf: HeadOf): number {
  const at = Date.parse(letterFacts(queued, headOf, false).receivedAt ?? '');
  return Number.isNaN(at) ? Date.now() : at;
}

function parse(
  source: ReturnType<typeof contentSource>,
  { envelope, length }: ObjectHead<FileEnvelope>,
): ParsedDataSet {
  return parseDataSet(source, { transferSyntaxUID: envelope.transferSyntaxUID, offset: length });
}

function ofEnvelope({
  callingAET,
  sopClassUID,
  sopInstanceUID,
  receivedAt: at,
}: FileEnvelope & Partial<ObjectEnvelope>): LetterFacts {
  return {
    ...(callingAET !== undefined && { callingAET }),
    ...classFacts(sopClassUID),
    sopInstanceUID,
    receivedAt: at,
  };
}
