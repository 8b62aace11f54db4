/**
 * A message as a tree (WAI-ARIA's tree pattern): a click on a value copies its path, arrows walk, Enter opens or copies,
 * Ctrl+C copies. It looks as the debug sidebar does, whose own element answers to the mouse only. Keys and values are
 * anybody's: they go into the page as text.
 */
import { propertyPath } from './property-path';
import type { Texts } from './texts';

/** More rows, and longer values, help nobody. */
const MAX_ROWS = 500;
const MAX_VALUE_LENGTH = 200;

const ITEM = '[role="treeitem"]';
/** An item without the items in it. */
const LINE = `${ITEM} > div`;
const BRANCH = '[aria-expanded]';

/** Shows a message in an element, opened as far as the user will want to look first. */
export class MessageTree {
  /** @param copied called with the requested path, undefined where there is none, and whether it was copied */
  constructor(
    private readonly element: JQuery,
    private readonly texts: Texts,
    private readonly copied: (path: string | undefined, done: boolean) => void,
  ) {
    element.attr('role', 'tree').on('click', LINE, (event) => this.clicked(event));
    element.on('keydown', ITEM, (event) => this.pressed(event));
  }

  show(message: Readonly<Record<string, unknown>>): void {
    this.element.empty().append(rows(Object.entries(message), '', this.texts));
    for (const path of ['payload', 'payload.CommonFields']) {
      this.element.find(BRANCH).each((_, item) => {
        if (pathOf($(item)) === path) this.expand($(item), true);
      });
    }
    this.element.find(ITEM).first().attr('tabindex', 0);
  }

  clear(): void {
    this.element.empty();
  }

  private clicked(event: JQuery.TriggeredEvent): void {
    const item = $(event.currentTarget as HTMLElement).parent();
    this.focus(item);
    const isCopy = $(event.target as HTMLElement).is('.dicom-tree-copy');
    if (item.is(BRANCH) && !isCopy) this.expand(item, !isExpanded(item));
    else this.copy(item);
  }

  private pressed(event: JQuery.TriggeredEvent): void {
    const item = $(event.currentTarget as HTMLElement);
    if (!this.act(item, event.key ?? '', event.ctrlKey === true || event.metaKey === true)) return;
    event.preventDefault();
    // A branch around it, and the editor's own shortcuts, must not take it as well.
    event.stopPropagation();
  }

  /** Returns whether the key means something here. */
  private act(item: JQuery, key: string, withControl: boolean): boolean {
    if (withControl) {
      if (key === 'c') this.copy(item);
      return key === 'c';
    }
    const visible = this.element.find(ITEM).filter(':visible');
    switch (key) {
      case 'Enter':
      case ' ':
        if (item.is(BRANCH)) this.expand(item, !isExpanded(item));
        else this.copy(item);
        return true;
      case 'ArrowDown':
        this.focus(visible.eq(visible.index(item) + 1));
        return true;
      case 'ArrowUp':
        this.focus(visible.eq(Math.max(0, visible.index(item) - 1)));
        return true;
      case 'Home':
        this.focus(visible.first());
        return true;
      case 'End':
        this.focus(visible.last());
        return true;
      case 'ArrowRight':
        if (isExpanded(item)) this.focus(item.find(ITEM).first());
        else if (item.is(BRANCH)) this.expand(item, true);
        return true;
      case 'ArrowLeft':
        if (isExpanded(item)) this.expand(item, false);
        else this.focus(item.parent().closest(ITEM));
        return true;
      default:
        return false;
    }
  }

  /** Rows are made when they are first seen: a message may have thousands. */
  private expand(item: JQuery, open: boolean): void {
    item.attr('aria-expanded', String(open));
    const group = item.children('[role="group"]');
    if (open && group.is(':empty')) {
      group.append(rows(item.data('entries') as Entry[], pathOf(item), this.texts));
    }
  }

  private focus(item: JQuery): void {
    if (item.length === 0) return;
    this.element.find(ITEM).attr('tabindex', -1);
    item.attr('tabindex', 0).trigger('focus');
  }

  private copy(item: JQuery): void {
    const path = pathOf(item);
    const done = path !== undefined && RED.clipboard.copyText(path);
    this.element.find('.dicom-tree-copied').removeClass('dicom-tree-copied');
    item.find('> div > .dicom-tree-copy').toggleClass('dicom-tree-copied', done);
    this.copied(path, done);
  }
}

const pathOf = (item: JQuery): string | undefined => item.data('path') as string | undefined;
const isExpanded = (item: JQuery): boolean => item.attr('aria-expanded') === 'true';

type Entry = readonly [key: string | number, value: unknown];

function rows(entries: readonly Entry[], parent: string | undefined, texts: Texts): JQuery[] {
  const shown = entries
    .slice(0, MAX_ROWS)
    .map(([key, value]) => row(key, value, propertyPath(parent, key), texts));
  const more = entries.length - shown.length;
  const rest = $('<li role="none">').text(texts.text('tree.more', { number: more }));
  return more > 0 ? [...shown, rest] : shown;
}

function row(key: string | number, value: unknown, path: string | undefined, { text }: Texts): JQuery {
  const entries = entriesOf(value);
  const shown = $('<span>').addClass(`red-ui-debug-msg-type-${kindOf(value)}`);
  const words = $('<span>').append(
    $('<span class="red-ui-debug-msg-object-key">').text(String(key)),
    document.createTextNode(': '),
    shown.text(shownValue(value)),
  );
  const copy = $('<i class="fa fa-clipboard dicom-tree-copy" aria-hidden="true">');
  const line = $('<div>').append(words, copy.attr('title', text('tree.copyPath')));
  const item = $('<li role="treeitem" tabindex="-1">').data({ path, entries }).append(line);
  if (entries.length === 0) return item;
  return item.attr('aria-expanded', 'false').append($('<ul role="group">'));
}

function entriesOf(value: unknown): Entry[] {
  if (Array.isArray(value)) return value.map((element: unknown, index) => [index, element]);
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}

/** The debug sidebar's word for the colour of a value. */
function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'object') return 'meta';
  return typeof value === 'string' || typeof value === 'number' ? typeof value : 'other';
}

function shownValue(value: unknown): string {
  if (Array.isArray(value)) return `array[${value.length}]`;
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0 ? '{}' : 'object';
  if (typeof value !== 'string') return String(value);
  return value.length <= MAX_VALUE_LENGTH ? `"${value}"` : `"${value.slice(0, MAX_VALUE_LENGTH)}…"`;
}
