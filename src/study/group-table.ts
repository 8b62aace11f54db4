import { randomBytes } from 'node:crypto';
import { firingNameIn, GROUP_DIGITS } from './firing-name';
import { Group, type Firing } from './group';

/** The groups of a node, by what they are grouped by and by their ids. */
export class GroupTable {
  private readonly byName = new Map<string, Group>();
  private readonly byId = new Map<string, Group>();

  constructor(private readonly groupBy: string) {}

  all(): MapIterator<Group> {
    return this.byId.values();
  }

  get(key: string): Group | undefined {
    return this.byName.get(this.nameOf(key));
  }

  withId(id: string): Group | undefined {
    return this.byId.get(id);
  }

  /** The group of this key, or a new one. */
  groupOf(key: string, now: number): Group {
    const existing = this.get(key);
    if (existing !== undefined) return existing;
    const group = new Group(randomBytes(GROUP_DIGITS / 2).toString('hex'), key, this.groupBy, now);
    this.add(group);
    return group;
  }

  /** One that has been read. Where there is another one of its key, only its firings are looked for. */
  add(group: Group): void {
    this.byId.set(group.id, group);
    const name = nameOf(group);
    this.byName.set(this.byName.has(name) ? `${name}\n${group.id}` : name, group);
  }

  /** The next object of its key begins another group; its firings are found still. */
  close(group: Group): void {
    const name = this.nameOf(group.key);
    this.byName.delete(name);
    this.byName.set(`${name}\n${group.id}`, group);
  }

  /** What comes of its key goes into it. */
  isOpen(group: Group): boolean {
    return this.byName.get(nameOf(group)) === group;
  }

  has(group: Group): boolean {
    return this.byId.get(group.id) === group;
  }

  remove(group: Group): void {
    for (const [name, each] of this.byName) if (each === group) this.byName.delete(name);
    this.byId.delete(group.id);
  }

  /** The firing of this id, unless all of it has been let go. */
  find(id: string): { group: Group; firing: Firing } | undefined {
    const name = firingNameIn(id);
    const group = name && this.byId.get(name.group);
    const firing = name && group?.firings.get(name.number);
    return group === undefined || firing === undefined ? undefined : { group, firing };
  }

  /** It was acknowledged, and all of it let go. */
  isPast(id: string): boolean {
    const name = firingNameIn(id);
    const group = name && this.byId.get(name.group);
    return group !== undefined && name !== undefined && name.number >= 1 && name.number < group.period.number;
  }

  private nameOf(key: string): string {
    return nameOf({ by: this.groupBy, key });
  }
}

const nameOf = ({ by, key }: Pick<Group, 'by' | 'key'>): string => `${by}\n${key}`;
