import { bufferSource, type ConversionWarning, convertParsed, parseDataSet, valuesOfKeyword } from '../dicom';
import type { AssociationFacts } from '../network';
import type { ObjectEnvelope } from '../object';
import type { Keys } from '../query';

/** What a flow gets of a request: JSON of its message, beside what the message is by. */
export interface PostedRequest {
  /** By which an answer names it. */
  id: string;
  /** Of `{ payload, topic, dicom, … }`. */
  json: string;
}

/** The data set of a request. */
export interface RequestDataSet {
  /** By keyword. */
  attributes: Keys;
  /** Terms of its Specific Character Set. */
  characterSet: readonly string[];
  warnings: readonly ConversionWarning[];
}

/** Reads the data set of a request as dicom-in reads objects. @throws DicomError */
export function readRequest(
  bytes: Buffer,
  transferSyntaxUID: string,
  defaultCharacterSet: string,
): RequestDataSet {
  if (bytes.length === 0) return { attributes: {}, characterSet: [], warnings: [] };
  const parsed = parseDataSet(bufferSource(bytes), { transferSyntaxUID });
  const characterSet = valuesOfKeyword(parsed, 'SpecificCharacterSet').map(String);
  const { json, warnings } = convertParsed(parsed, {
    includeCommonFieldsNode: false,
    includeReportNode: false,
    includeTagsNode: true,
    tagsFormat: 'keyword',
    defaultCharacterSet,
  });
  const { Tags = {} } = JSON.parse(json) as { Tags?: Keys };
  return { attributes: Tags, characterSet, warnings };
}

export type Caller = Pick<
  ObjectEnvelope,
  'callingAET' | 'calledAET' | 'remoteAddress' | 'remotePort' | 'localPort' | 'tls' | 'associationId'
>;

/** Who asks, for `msg.dicom`. */
export function aboutCaller(association: AssociationFacts): Caller {
  const { associationId, callingAET, calledAET, remoteAddress, remotePort, localPort, tls } = association;
  return {
    callingAET,
    calledAET,
    remoteAddress,
    remotePort,
    localPort,
    ...(tls && { tls }),
    associationId,
  };
}
