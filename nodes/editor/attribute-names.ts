import { DICOM_IN, isEnvironmentReference, readSampleTemplate } from '../../src/settings';
import type { Completion, EditorNode } from './red';
import { request } from './requests';
import { upstreamNodes } from './upstream';

/** As the runtime lists it: keyword, tag, VR. */
type Attribute = readonly [keyword: string, tag: string, vr: string];

/** Also one that PS3.6 does not have. */
const HEX_TAG = /^[0-9A-Fa-f]{8}$/;
/** More help nobody. */
const MOST_SHOWN = 50;

/** The attributes of PS3.6, which the runtime knows; loaded with the first dialog. */
export class AttributeNames {
  private all: readonly Attribute[] = [];
  private readonly byName = new Map<string, Attribute>();
  /** What there is in samples, in lower case. */
  private inSample: ReadonlySet<string> = new Set();
  private loading: Promise<void> | undefined;

  /** @param type of the node whose dialog it is, and which answers `attributes` */
  constructor(private readonly type: string) {}

  /** Resolves when they can be searched; without them, whatever is entered is taken. */
  load(): Promise<void> {
    this.loading ??= request('GET', `${this.type}/attributes`).then(
      (attributes) => {
        this.all = attributes as readonly Attribute[];
        for (const attribute of this.all)
          for (const name of attribute.slice(0, 2)) this.byName.set(name, attribute);
      },
      () => {
        this.loading = undefined;
      },
    );
    return this.loading;
  }

  /** Attributes of the samples of the dicom-in nodes before this one come first. */
  useSamplesBefore(node: EditorNode): void {
    const names = new Set<string>();
    for (const each of upstreamNodes(node)) if (each.type === DICOM_IN.type) addNames(each, names);
    this.inSample = names;
  }

  /** Undefined: it is none of PS3.6, or they are not there yet. */
  vr(path: string): string | undefined {
    return this.byName.get(lastName(path))?.[2];
  }

  /** The first name of a path that PS3.6 does not have. Undefined: there is none, or they are not there yet. */
  unknown(path: string): string | undefined {
    if (this.all.length === 0 || path.includes('"') || isEnvironmentReference(path)) return undefined;
    return path
      .split('.')
      .map((name) => name.trim().replace(/\[0\]$/, ''))
      .find((name) => !HEX_TAG.test(name) && !this.byName.has(name));
  }

  /** Suggests attributes under an input, and writes what is entered there as PS3.6 has it. */
  help(input: JQuery): void {
    input
      .autoComplete({ minLength: 2, search: (entered) => this.search(entered) })
      .on('change', () => input.val(this.asWritten(String(input.val() ?? ''))));
  }

  /** The path, where its last name is `patient id` or `(0010,0020)`, with the name that is meant. */
  private asWritten(path: string): string {
    const entered = lastName(path);
    if (HEX_TAG.test(entered) || this.byName.has(entered)) return path;
    const wanted = plain(entered);
    const found = this.all.find(([keyword, tag]) => plain(keyword) === wanted || plain(tag) === wanted);
    if (found !== undefined) return beforeLast(path) + found[0];
    return HEX_TAG.test(wanted) ? beforeLast(path) + wanted.toUpperCase() : path;
  }

  /** What may be meant by the last name of a path: by the beginning of its words, or a part of it. */
  private search(path: string): Completion[] {
    const before = beforeLast(path);
    const wanted = plain(lastName(path));
    if (wanted === '') return [];
    const found = this.all
      .filter(
        ([keyword, tag]) => keyword.toLowerCase().includes(wanted) || tag.startsWith(wanted.toUpperCase()),
      )
      .map((attribute): [number, Attribute] => [this.rank(attribute, wanted), attribute])
      .sort(([one, [name]], [other, [otherName]]) => one - other || name.length - otherName.length)
      .slice(0, MOST_SHOWN);
    return found.map(([, attribute]) => completion(before, attribute));
  }

  private rank([keyword]: Attribute, wanted: string): number {
    const name = keyword.toLowerCase();
    if (name === wanted) return 0;
    return (this.inSample.has(name) ? 1 : 3) + (name.startsWith(wanted) ? 0 : 1);
  }
}

/** Behind the last item. */
function lastName(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1).trim();
}

function beforeLast(path: string): string {
  return path.slice(0, path.lastIndexOf('.') + 1);
}

/** As people copy it from elsewhere: `Patient ID`, `(0010,0020)`. */
function plain(name: string): string {
  return name.replace(/[\s(),]/g, '').toLowerCase();
}

/** A sequence goes on with its first item. */
function completion(before: string, [keyword, tag, vr]: Attribute): Completion {
  const value = before + keyword + (vr === 'SQ' ? '[0].' : '');
  const words = `(${tag.slice(0, 4)},${tag.slice(4)}) ${vr}`;
  const label = $('<div>').append($('<div>').text(keyword), $('<div style="opacity: 0.7">').text(words));
  return { value, label };
}

/** The names of the attributes in a node's sample, if it has one of its own. */
function addNames({ receivedMessageTemplate: template }: EditorNode, names: Set<string>): void {
  if (typeof template !== 'string') return;
  try {
    addKeys(readSampleTemplate(template)?.payload, names, 0);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
}

function addKeys(value: unknown, names: Set<string>, depth: number): void {
  if (typeof value !== 'object' || value === null || depth > 16) return;
  for (const [key, each] of Object.entries(value)) {
    names.add(key.toLowerCase());
    addKeys(each, names, depth + 1);
  }
}
