import { type DataSet, itemOf, itemsOf, numbersOf, textOf, type Value, valueOf, valuesOf } from '../data-set';
import type {
  Code,
  ContentValue,
  ObjectReference,
  SpatialCoordinates,
  Table,
  TemporalCoordinates,
} from './report-model';

const CodeValue = 0x00080100;
const CodingSchemeDesignator = 0x00080102;
const CodingSchemeVersion = 0x00080103;
const CodeMeaning = 0x00080104;
const LongCodeValue = 0x00080119;
const URNCodeValue = 0x00080120;

/** The first item of a code sequence. */
export function codeOf(dataSet: DataSet, tag: number): Code | undefined {
  const item = itemOf(dataSet, tag);
  if (item === undefined) return undefined;
  return {
    CodeValue: textOf(item, CodeValue) ?? textOf(item, LongCodeValue) ?? textOf(item, URNCodeValue) ?? '',
    CodingSchemeDesignator: textOf(item, CodingSchemeDesignator),
    CodingSchemeVersion: textOf(item, CodingSchemeVersion),
    CodeMeaning: textOf(item, CodeMeaning),
  };
}

const MeasuredValueSequence = 0x0040a300;
const NumericValue = 0x0040a30a;
const FloatingPointValue = 0x0040a161;
const MeasurementUnitsCodeSequence = 0x004008ea;
const NumericValueQualifierCodeSequence = 0x0040a301;

export interface Measurement {
  Value: string | number | null;
  Unit?: Code | undefined;
  Qualifier?: Code | undefined;
}

/** NUM (PS3.3 C.18.1). Without a measured value the qualifier says why. */
export function measurement(item: DataSet): Measurement {
  const measured = itemOf(item, MeasuredValueSequence);
  const value = measured && (valueOf(measured, NumericValue) ?? valueOf(measured, FloatingPointValue));
  return {
    Value: value ?? null,
    Unit: measured && codeOf(measured, MeasurementUnitsCodeSequence),
    Qualifier: codeOf(item, NumericValueQualifierCodeSequence),
  };
}

const TextValue = 0x0040a160;
const ConceptCodeSequence = 0x0040a168;
const DateTag = 0x0040a121;
const TimeTag = 0x0040a122;
const DateTime = 0x0040a120;
const PersonNameTag = 0x0040a123;
const UIDTag = 0x0040a124;
const ReferencedSOPSequence = 0x00081199;

/** The value of a content item by its value type; undefined: the type has none (CONTAINER), or it is NUM. */
export function contentValue(item: DataSet, valueType: string): ContentValue | undefined {
  switch (valueType) {
    case 'TEXT':
      return textOf(item, TextValue) ?? null;
    case 'CODE':
      return codeOf(item, ConceptCodeSequence) ?? null;
    case 'DATE':
      return textOf(item, DateTag) ?? null;
    case 'TIME':
      return textOf(item, TimeTag) ?? null;
    case 'DATETIME':
      return textOf(item, DateTime) ?? null;
    case 'PNAME':
      return textOf(item, PersonNameTag) ?? null;
    case 'UIDREF':
      return textOf(item, UIDTag) ?? null;
    case 'IMAGE':
    case 'COMPOSITE':
    case 'WAVEFORM': {
      const reference = itemOf(item, ReferencedSOPSequence);
      return reference === undefined ? null : objectReference(reference);
    }
    case 'SCOORD':
    case 'SCOORD3D':
      return spatialCoordinates(item);
    case 'TCOORD':
      return temporalCoordinates(item);
    case 'TABLE':
      return table(item);
    default:
      return undefined;
  }
}

const ReferencedSOPClassUID = 0x00081150;
const ReferencedSOPInstanceUID = 0x00081155;
const ReferencedFrameNumber = 0x00081160;
const ReferencedSegmentNumber = 0x0062000b;
const ReferencedWaveformChannels = 0x0040a0b0;

function objectReference(item: DataSet): ObjectReference {
  const more = itemsOf(item, ReferencedSOPSequence);
  return {
    ReferencedSOPClassUID: textOf(item, ReferencedSOPClassUID),
    ReferencedSOPInstanceUID: textOf(item, ReferencedSOPInstanceUID),
    ReferencedFrameNumber: numbersOf(item, ReferencedFrameNumber),
    ReferencedSegmentNumber: numbersOf(item, ReferencedSegmentNumber),
    ReferencedWaveformChannels: numbersOf(item, ReferencedWaveformChannels),
    ReferencedSOPSequence: more.length === 0 ? undefined : more.map(objectReference),
  };
}

const GraphicData = 0x00700022;
const GraphicType = 0x00700023;
const PixelOriginInterpretation = 0x00480301;
const ReferencedFrameOfReferenceUID = 0x30060024;
const FiducialUID = 0x0070031a;

function spatialCoordinates(item: DataSet): SpatialCoordinates {
  return {
    GraphicType: textOf(item, GraphicType),
    GraphicData: numbersOf(item, GraphicData),
    PixelOriginInterpretation: textOf(item, PixelOriginInterpretation),
    ReferencedFrameOfReferenceUID: textOf(item, ReferencedFrameOfReferenceUID),
    FiducialUID: textOf(item, FiducialUID),
  };
}

const TemporalRangeType = 0x0040a130;
const ReferencedSamplePositions = 0x0040a132;
const ReferencedTimeOffsets = 0x0040a138;
const ReferencedDateTime = 0x0040a13a;

function temporalCoordinates(item: DataSet): TemporalCoordinates {
  const times = valuesOf(item, ReferencedDateTime).filter((each: Value) => typeof each === 'string');
  return {
    TemporalRangeType: textOf(item, TemporalRangeType),
    ReferencedSamplePositions: numbersOf(item, ReferencedSamplePositions),
    ReferencedTimeOffsets: numbersOf(item, ReferencedTimeOffsets),
    ReferencedDateTime: times.length === 0 ? undefined : times,
  };
}

const NumberOfTableRows = 0x0040a802;
const NumberOfTableColumns = 0x0040a803;

function table(item: DataSet): Table {
  return {
    NumberOfTableRows: numbersOf(item, NumberOfTableRows)?.[0],
    NumberOfTableColumns: numbersOf(item, NumberOfTableColumns)?.[0],
  };
}
