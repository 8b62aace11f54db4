import type { DataSet } from '../data-set';
import { isPrivate, isPrivateCreator, tagHex } from '../standard';
import { cannotChange, invalidChanges, type Place } from './change-errors';
import {
  ALL_ITEMS,
  type AttributeName,
  formatPath,
  nameKey,
  ofCreator,
  parseRulePath,
  PathError,
  type PathStep,
  type RuleStep,
} from './change-path';
import { parseValue } from './change-value';
import { type ChangeOperation, type ChangeValue, MAX_OPERATIONS } from './changes';
import { isSameContent, valueOfContent } from './edited-content';
import { type Content, contentOfAction, EditedItem } from './edited-item';

/**
 * An object as it is after some operations, which are noted down while they are made: what would change nothing is none. It
 * is not the object itself that changes: see `applyChanges`.
 */
export class EditedObject {
  readonly operations: ChangeOperation[] = [];
  readonly #root: EditedItem;
  readonly #changed = new Map<string | number, AttributeName>();

  /** @param dataSet the object before, with its values in memory as far as those are small */
  constructor(dataSet: DataSet) {
    this.#root = new EditedItem(dataSet);
  }

  /** Attributes of the data set that operations are about, or about something in them. */
  get changed(): AttributeName[] {
    return [...this.#changed.values()];
  }

  /** What is there; undefined: no such attribute. */
  get(path: readonly PathStep[]): Content | undefined {
    const item = this.#find(path);
    const name = path.at(-1)?.name;
    return item === undefined || name === undefined ? undefined : item.get(item.canonical(name));
  }

  /** The same as an operation would set it; undefined, too, where some of it is too long to be looked at. */
  value(path: readonly PathStep[]): ChangeValue | undefined {
    const [content, name] = [this.get(path), path.at(-1)?.name];
    return content === undefined || name === undefined ? undefined : valueOfContent(name, content);
  }

  /** Of a sequence; 0 where there is none. */
  count(path: readonly PathStep[]): number {
    const content = this.get(path);
    return content?.kind === 'items' ? content.items.length : 0;
  }

  /** The attributes that a path with `*` names: of items that there are, and of those that are numbered. */
  paths(steps: readonly RuleStep[]): PathStep[][] {
    let found: PathStep[][] = [[]];
    for (const { name, item } of steps) {
      found = found.flatMap((before) => {
        if (item !== ALL_ITEMS) return [[...before, { name, item }]];
        const count = this.count([...before, { name, item: undefined }]);
        return Array.from({ length: count }, (_, index) => [...before, { name, item: index }]);
      });
      if (found.length > MAX_OPERATIONS) throw tooMany();
    }
    return found;
  }

  /** @throws ChangeError where it is no value, or has no place there. Whether it fits the VR is seen when it is applied. */
  set(path: readonly PathStep[], value: ChangeValue): void {
    const place = this.#place(path);
    const last = path.at(-1);
    if (last === undefined) return;
    const { name, action } = parseValue(last.name, value, place, path.length);
    const found = this.#find(path);
    const content = contentOfAction(name, action);
    if (found !== undefined && isSameContent(found.get(found.canonical(name)), content)) return;
    const item = found ?? this.#make(path, place);
    const canonical = item.canonical(name);
    const block = item.removedCreator(canonical);
    if (block !== undefined) this.#restore(item, path, block, canonical.creator ?? '');
    this.#note(path, (named) => ({ op: 'set', path: named, value }));
    item.put(canonical, content);
  }

  /** What is not there stays away. */
  remove(path: readonly PathStep[]): void {
    const item = this.#find(path);
    const name = path.at(-1)?.name;
    if (item === undefined || name === undefined) return;
    for (const each of item.namesFor(name)) {
      if (item.get(each) === undefined) continue;
      const named = [...path.slice(0, -1), { name: each, item: undefined }];
      this.#note(named, (text) => ({ op: 'remove', path: text }));
      item.put(each, undefined);
    }
  }

  /** Private attributes at any depth. @param creator all of whose are removed; undefined: everybody's */
  removePrivate(creator: string | undefined): void {
    this.#removePrivate(this.#root, [], creator);
  }

  #removePrivate(item: EditedItem, around: readonly PathStep[], creator: string | undefined): void {
    for (const name of item.names()) {
      if (isPrivate(name.tag) && (creator === undefined || isOf(item, name, creator))) {
        this.remove([...around, { name, item: undefined }]);
        continue;
      }
      item
        .items(name)
        .forEach((each, index) => this.#removePrivate(each, [...around, { name, item: index }], creator));
    }
  }

  /** The item in which the attribute is; undefined: there is no such item. */
  #find(path: readonly PathStep[]): EditedItem | undefined {
    let item: EditedItem | undefined = this.#root;
    for (const { name, item: index = 0 } of path.slice(0, -1))
      item = item?.items(item.canonical(name))[index];
    return item;
  }

  /** The same, with what is missing. */
  #make(path: readonly PathStep[], place: Place): EditedItem {
    let item = this.#root;
    for (const { name, item: index = 0 } of path.slice(0, -1)) {
      const canonical = item.canonical(name);
      let content = item.get(canonical);
      if (content === undefined) {
        content = { kind: 'items', items: [] };
        item.put(canonical, content);
      }
      if (content.kind !== 'items') throw cannotChange(place, 'in the object it is no sequence');
      const { items } = content;
      if (index > items.length)
        throw cannotChange(place, `there is no item ${items.length}; the next one is that`);
      item = items[index] ??= new EditedItem(undefined);
    }
    return item;
  }

  /** Sets the Private Creator anew that an operation before has removed. */
  #restore(item: EditedItem, path: readonly PathStep[], block: number, creator: string): void {
    const name = { tag: block };
    const value = { vr: 'LO', Value: [creator] };
    this.#note([...path.slice(0, -1), { name, item: undefined }], (named) => ({
      op: 'set',
      path: named,
      value,
    }));
    item.put(name, { kind: 'values', vr: undefined, values: [creator] });
  }

  #place(path: readonly PathStep[]): Place {
    return { operation: this.operations.length, path: formatPath(path) };
  }

  #note(path: readonly PathStep[], operation: (path: string) => ChangeOperation): void {
    if (this.operations.length >= MAX_OPERATIONS) throw tooMany();
    const steps = this.#canonical(path);
    this.operations.push(operation(formatPath(steps)));
    const [first] = steps;
    if (first !== undefined) this.#changed.set(nameKey(first.name), first.name);
  }

  /** With the creators of private attributes. */
  #canonical(path: readonly PathStep[]): PathStep[] {
    let around: EditedItem | undefined = this.#root;
    return path.map(({ name, item }) => {
      const canonical: AttributeName = around?.canonical(name) ?? name;
      around = item === undefined ? undefined : around?.items(canonical)[item];
      return { name: canonical, item };
    });
  }
}

function isOf(item: EditedItem, name: AttributeName, creator: string): boolean {
  if (!isPrivateCreator(name.tag) || name.creator !== undefined)
    return (name.creator ?? item.creatorOf(name.tag)) === creator;
  const content = item.get(name);
  return content?.kind === 'values' && content.values[0] === creator;
}

function tooMany(): Error {
  return invalidChanges(undefined, `at most ${MAX_OPERATIONS} operations are possible`);
}

/**
 * The levels of a rule's path.
 * @param privateCreator of the last one, if it is a private tag whose block is not known
 * @throws PathError
 */
export function rulePath(path: string, privateCreator: string): RuleStep[] {
  const steps = parseRulePath(path);
  const last = steps.at(-1);
  if (privateCreator === '' || last === undefined) return steps;
  if (last.name.creator !== undefined && last.name.creator !== privateCreator)
    throw new PathError(`the path names another private creator than (${tagHex(last.name.tag)}) is to have`);
  return [...steps.slice(0, -1), { name: ofCreator(last.name.tag, privateCreator), item: undefined }];
}
