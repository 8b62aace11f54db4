/** A coded entry (PS3.3 8.8): code, scheme and what it means in words. */
export interface Code {
  CodeValue: string;
  CodingSchemeDesignator?: string | undefined;
  CodingSchemeVersion?: string | undefined;
  CodeMeaning?: string | undefined;
}

/** A reference of value type IMAGE, COMPOSITE or WAVEFORM (PS3.3 C.18.3, C.18.4, C.18.5). */
export interface ObjectReference {
  ReferencedSOPClassUID?: string | undefined;
  ReferencedSOPInstanceUID?: string | undefined;
  ReferencedFrameNumber?: number[] | undefined;
  ReferencedSegmentNumber?: number[] | undefined;
  ReferencedWaveformChannels?: number[] | undefined;
  /** The presentation state or real world value mapping to apply. */
  ReferencedSOPSequence?: ObjectReference[] | undefined;
}

/** SCOORD and SCOORD3D (PS3.3 C.18.6, C.18.9): `GraphicData` holds pairs or triplets. */
export interface SpatialCoordinates {
  GraphicType?: string | undefined;
  GraphicData?: number[] | undefined;
  PixelOriginInterpretation?: string | undefined;
  ReferencedFrameOfReferenceUID?: string | undefined;
  FiducialUID?: string | undefined;
}

/** TCOORD (PS3.3 C.18.7): samples, offsets or points in time. */
export interface TemporalCoordinates {
  TemporalRangeType?: string | undefined;
  ReferencedSamplePositions?: number[] | undefined;
  ReferencedTimeOffsets?: number[] | undefined;
  ReferencedDateTime?: string[] | undefined;
}

/** TABLE (PS3.3 C.18.10), by its size; the cells are in Tags. */
export interface Table {
  NumberOfTableRows?: number | undefined;
  NumberOfTableColumns?: number | undefined;
}

export type ContentValue =
  string | number | null | Code | ObjectReference | SpatialCoordinates | TemporalCoordinates | Table;

/** (0040,A504): the template that the document or a part of it follows (PS3.3 C.18.8). */
export interface Template {
  TemplateIdentifier?: string | undefined;
  MappingResource?: string | undefined;
}

/** A node of the content tree (PS3.3 C.17.3). */
export interface ContentItem {
  /** CONTAINS, HAS PROPERTIES, HAS OBS CONTEXT, HAS ACQ CONTEXT, HAS CONCEPT MOD, INFERRED FROM, SELECTED FROM; not at the root. */
  RelationshipType?: string | undefined;
  ValueType?: string | undefined;
  ConceptName?: Code | undefined;
  /** By its value type; none for CONTAINER. NUM: null when nothing was measured. */
  Value?: ContentValue | undefined;
  /** NUM: the unit (UCUM as a rule). */
  Unit?: Code | undefined;
  /** NUM: why there is no number, or what to make of it. */
  Qualifier?: Code | undefined;
  /** By-reference relationship: the way to the item that is meant, counted from 1 at the root. */
  ReferencedContentItemIdentifier?: number[] | undefined;
  ObservationDateTime?: string | undefined;
  ObservationUID?: string | undefined;
  ContinuityOfContent?: string | undefined;
  ContentTemplate?: Template | undefined;
  Content?: ContentItem[] | undefined;
}

export interface VerifyingObserver {
  VerifyingObserverName?: string | undefined;
  VerifyingOrganization?: string | undefined;
  VerificationDateTime?: string | undefined;
  VerifyingObserverCode?: Code | undefined;
}

/** The section Report: a structured report as a tree and as text. */
export interface Report {
  /** The concept name of the root: what kind of document it is. */
  Title?: Code | undefined;
  Template?: Template | undefined;
  CompletionFlag?: string | undefined;
  CompletionFlagDescription?: string | undefined;
  VerificationFlag?: string | undefined;
  PreliminaryFlag?: string | undefined;
  VerifyingObservers?: VerifyingObserver[] | undefined;
  Content: ContentItem;
  /** The document as indented lines. */
  Text: string;
}
