/** A group of a `dicom-study`, as people see it. What is not known is absent. */
export interface OpenStudy {
  key: string;
  /** Different ones that have come at all. Absent: another instance has the group. */
  objects?: number;
  /** That have come since the last firing. */
  pending: number;
  firings: number;
  /** Firings that wait for their acknowledgement. */
  unacknowledged: number;
  modalities: string[];
  callingAETs: string[];
  /** ISO 8601 */
  first?: string;
  last?: string;
  next?: string;
  /** It would be complete, but for objects of it in queues, or associations: when that is over, nobody knows. */
  isHeldUp?: boolean;
}

/** The next to be complete first. */
export interface OpenStudies {
  studies: OpenStudy[];
  /** Of all, also those that are not listed. */
  total: number;
}
