import type { Group } from './group';
import type { LogRecord } from './records';

/** Nothing but what was seen, of a group that waits for nothing. @param since ISO 8601 */
export function knownRecords(group: Group, since: string): LogRecord[] {
  const { period, uids, expected, named, present, wasMet } = group;
  const isExpecting = expected !== undefined || named !== undefined;
  return [
    { known: period.number - 1, since },
    ...[...uids.texts()].map((text) => ({ uids: text })),
    ...(present.size > 0 ? [{ present: [...present] }] : []),
    ...(isExpecting
      ? [{ expect: expected ?? 0, ...(named && { instances: named }), ...(wasMet && { met: true as const }) }]
      : []),
  ];
}
