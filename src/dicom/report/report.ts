import { type DataSet, itemOf, itemsOf, numbersOf, textOf } from '../data-set';
import { Kind } from '../standard';
import { type JsonLimits, OutOfRoom } from '../text';
import type { ContentItem, Report, Template, VerifyingObserver } from './report-model';
import { reportText } from './report-text';
import { codeOf, contentValue, measurement } from './report-values';

const ValueType = 0x0040a040;
const RelationshipType = 0x0040a010;
const ConceptNameCodeSequence = 0x0040a043;
const ContinuityOfContent = 0x0040a050;
const ObservationDateTime = 0x0040a032;
const ObservationUID = 0x0040a171;
const ContentSequence = 0x0040a730;
const ContentTemplateSequence = 0x0040a504;
const TemplateIdentifier = 0x0040db00;
const MappingResource = 0x00080105;
const ReferencedContentItemIdentifier = 0x0040db73;

const CompletionFlag = 0x0040a491;
const CompletionFlagDescription = 0x0040a492;
const VerificationFlag = 0x0040a493;
const PreliminaryFlag = 0x0040a496;
const VerifyingObserverSequence = 0x0040a073;
const VerifyingObserverName = 0x0040a075;
const VerifyingOrganization = 0x0040a027;
const VerificationDateTime = 0x0040a030;
const VerifyingObserverIdentificationCodeSequence = 0x0040a088;

/**
 * The report in an object that has a content tree; undefined for every other object.
 * @throws OutOfRoom when it would be larger than it may be: a part of a report is none
 */
export function report(dataSet: DataSet, limits: JsonLimits): Report | undefined {
  if (dataSet.find(ContentSequence) === undefined && textOf(dataSet, ValueType) !== 'CONTAINER')
    return undefined;
  if (!isWithin(dataSet, limits)) throw new OutOfRoom('the report would be too large');
  const content = contentItem(dataSet);
  const observers = itemsOf(dataSet, VerifyingObserverSequence).map(verifyingObserver);
  const document: Omit<Report, 'Text'> = {
    Title: content.ConceptName,
    Template: content.ContentTemplate,
    CompletionFlag: textOf(dataSet, CompletionFlag),
    CompletionFlagDescription: textOf(dataSet, CompletionFlagDescription),
    VerificationFlag: textOf(dataSet, VerificationFlag),
    PreliminaryFlag: textOf(dataSet, PreliminaryFlag),
    VerifyingObservers: observers.length === 0 ? undefined : observers,
    Content: content,
  };
  return { ...document, Text: reportText(document, limits.bytes) };
}

/** Looks at how much there is, before anything is made of it. Binary numbers and bytes do not count as text. */
function isWithin(dataSet: DataSet, limits: JsonLimits): boolean {
  let { bytes, elements } = limits;
  const count = (within: DataSet): void => {
    elements -= within.elements.length;
    for (const { items, length, vr } of within.elements) {
      if (items === undefined) {
        if (vr.width === 1 && vr.kind !== Kind.Bytes) bytes -= length;
        continue;
      }
      for (const item of items) if (bytes >= 0 && elements >= 0) count(item);
    }
  };
  for (const item of itemsOf(dataSet, ContentSequence)) if (bytes >= 0 && elements >= 0) count(item);
  return bytes >= 0 && elements >= 0;
}

/** Recursive: nesting is bounded by the structure reader. */
function contentItem(item: DataSet): ContentItem {
  const valueType = textOf(item, ValueType);
  const children = itemsOf(item, ContentSequence);
  const number = valueType === 'NUM' ? measurement(item) : undefined;
  return {
    RelationshipType: textOf(item, RelationshipType),
    ValueType: valueType,
    ConceptName: codeOf(item, ConceptNameCodeSequence),
    Value: number === undefined ? contentValue(item, valueType ?? '') : number.Value,
    Unit: number?.Unit,
    Qualifier: number?.Qualifier,
    ReferencedContentItemIdentifier: numbersOf(item, ReferencedContentItemIdentifier),
    ObservationDateTime: textOf(item, ObservationDateTime),
    ObservationUID: textOf(item, ObservationUID),
    ContinuityOfContent: textOf(item, ContinuityOfContent),
    ContentTemplate: template(item),
    Content: children.length === 0 ? undefined : children.map(contentItem),
  };
}

function template(item: DataSet): Template | undefined {
  const found = itemOf(item, ContentTemplateSequence);
  if (found === undefined) return undefined;
  return {
    TemplateIdentifier: textOf(found, TemplateIdentifier),
    MappingResource: textOf(found, MappingResource),
  };
}

function verifyingObserver(item: DataSet): VerifyingObserver {
  return {
    VerifyingObserverName: textOf(item, VerifyingObserverName),
    VerifyingOrganization: textOf(item, VerifyingOrganization),
    VerificationDateTime: textOf(item, VerificationDateTime),
    VerifyingObserverCode: codeOf(item, VerifyingObserverIdentificationCodeSequence),
  };
}
