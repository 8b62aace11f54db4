import { accepted, checkStatus, oneOf, type Check } from './checks';

/** The answers that the `dicom-response` dialog offers: DIMSE statuses as four hexadecimal digits, or `custom`. */
export const RESPONSE_STATUSES = ['0000', 'B000', 'B006', 'B007', 'A700', 'A900', 'C000', 'custom'] as const;
export type ResponseStatus = (typeof RESPONSE_STATUSES)[number];

/** Every property of a `dicom-response` node in the flow JSON: its default and its check. */
export const RESPONSE_FIELDS = {
  name: { default: '', check: accepted },
  status: { default: '0000', check: oneOf(RESPONSE_STATUSES) },
  /** Four hexadecimal digits; used where `status` is `custom`. */
  customStatus: { default: '', check: (value) => (value.trim() === '' ? [] : checkStatus(value)) },
  /** Error Comment (0000,0902) for statuses that are not success; at most 64 characters are sent. */
  errorComment: { default: '', check: accepted },
} as const satisfies Record<string, { default: string; check: Check }>;

export type ResponseFieldName = keyof typeof RESPONSE_FIELDS;
