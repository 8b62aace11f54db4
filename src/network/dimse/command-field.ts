/** Command Field values (PS3.7 E.1). A response is its request with the top bit set. */
export const CommandField = {
  storeRQ: 0x0001,
  getRQ: 0x0010,
  findRQ: 0x0020,
  moveRQ: 0x0021,
  echoRQ: 0x0030,
  eventReportRQ: 0x0100,
  setRQ: 0x0120,
  actionRQ: 0x0130,
  createRQ: 0x0140,
  cancelRQ: 0x0fff,
} as const;
export const RESPONSE_BIT = 0x8000;

/** DIMSE services by the Command Field of their requests (PS3.7 E.1). */
const OPERATIONS: Readonly<Record<number, string>> = {
  0x0001: 'C-STORE',
  0x0010: 'C-GET',
  0x0020: 'C-FIND',
  0x0021: 'C-MOVE',
  0x0030: 'C-ECHO',
  0x0100: 'N-EVENT-REPORT',
  0x0110: 'N-GET',
  0x0120: 'N-SET',
  0x0130: 'N-ACTION',
  0x0140: 'N-CREATE',
  0x0150: 'N-DELETE',
};

/** The name of a request's operation; its Command Field in hexadecimal where it has none. */
export function operationName(commandField: number): string {
  return OPERATIONS[commandField] ?? `${commandField.toString(16).padStart(4, '0').toUpperCase()}H`;
}
