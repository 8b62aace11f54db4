import { Group } from './group';
import { UnknownLog, type LogRecord } from './records';

/** The first record of a group's log. */
export const headOf = ({ id, key, by }: Group): LogRecord => ({ group: id, key, by, version: 1 });

/** The group of a log, by its first record. Undefined: it is another one. @throws UnknownLog */
export function groupOf(record: LogRecord, id: string, now: number): Group | undefined {
  if (!('group' in record)) return undefined;
  if (record.version !== 1) throw new UnknownLog(`the log of a study has version ${String(record.version)}`);
  const group = new Group(id, record.key, record.by, now);
  group.isNew = false;
  group.isSafe = true;
  return group;
}
