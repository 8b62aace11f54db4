/** What became of the attempts to deliver an object; it outlives a crash. */
export interface Attempts {
  /** How often it may have been delivered before. */
  deliveries: number;
  /** Deliveries that the flow did not acknowledge in time. */
  unacknowledged: number;
  /** Attempts during which the process, or its worker, ended by itself. */
  crashes: number;
  /** An attempt has begun: where this is found at a start, that one ended in a crash. */
  isOpen: boolean;
}

export const NO_ATTEMPTS: Attempts = { deliveries: 0, unacknowledged: 0, crashes: 0, isOpen: false };

const TEXT = /^(\d{1,9})(?:\.(\d{1,9})\.(\d{1,9})(o?))?$/;

/** `2.1.0`: deliveries, unacknowledged, crashes; `2.1.0o` while an attempt is open. Empty where there were none. */
export function attemptsText({ deliveries, unacknowledged, crashes, isOpen }: Attempts): string {
  if (deliveries + unacknowledged + crashes === 0 && !isOpen) return '';
  return `${deliveries}.${unacknowledged}.${crashes}${isOpen ? 'o' : ''}`;
}

/** Reads `attemptsText`, and the count of deliveries alone that the first version wrote. Undefined: it is neither. */
export function parseAttempts(text: string): Attempts | undefined {
  if (text === '') return NO_ATTEMPTS;
  const [, deliveries, unacknowledged = '0', crashes = '0', open = ''] = TEXT.exec(text) ?? [];
  if (deliveries === undefined) return undefined;
  return {
    deliveries: Number(deliveries),
    unacknowledged: Number(unacknowledged),
    crashes: Number(crashes),
    isOpen: open !== '',
  };
}

/**
 * Those of an object that an earlier run left: it may have been delivered then, and an attempt may have ended that run.
 * @param isParked the delivery of that run goes on
 */
export function afterRestart(
  { deliveries, unacknowledged, crashes, isOpen }: Attempts,
  isParked: boolean,
): Attempts {
  return {
    deliveries: deliveries + (isParked ? 0 : 1),
    unacknowledged,
    crashes: crashes + (isOpen ? 1 : 0),
    isOpen: false,
  };
}
