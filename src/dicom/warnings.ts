/** What a conversion met and accepted. Each code is documented in docs/message-format.md. */
export type WarningCode =
  | 'transfer-syntax-mismatch'
  | 'implicit-element'
  | 'unknown-vr'
  | 'odd-length'
  | 'tag-order'
  | 'duplicate-tag'
  | 'unexpected-group'
  | 'stray-delimiter'
  | 'missing-delimiter'
  | 'sequence-length'
  | 'trailing-bytes'
  | 'zlib-header'
  | 'un-not-a-sequence'
  | 'character-set'
  | 'character-set-assumed'
  | 'undecodable-text'
  | 'not-a-number'
  | 'precision'
  | 'value-length'
  | 'too-many-values'
  | 'vr-not-as-in-dictionary'
  | 'embedded-nul'
  | 'invalid-uid'
  | 'name-groups'
  | 'text-not-inlined'
  | 'message-too-large'
  | 'document-too-large'
  | 'not-as-announced'
  | 'recoded'
  | 'date-not-shifted'
  | 'picture-turned'
  | 'not-recorded';

export interface ConversionWarning {
  code: WarningCode;
  /** Where: tags from the outermost sequence inwards, items counted from 0: "00400275[0].00400007". "" = the data set. */
  path: string;
  /** What, in words; never a value of the object. */
  text: string;
}

/** More than this many are not kept: a broken object has thousands. */
export const MAX_WARNINGS = 50;
/** Of more than this many not even the path is built. */
const MOST_LOOKED_AT = 1000;

export class Warnings {
  readonly list: ConversionWarning[] = [];
  readonly #said = new Set<string>();
  #count = 0;

  /**
   * Says each thing once, however many sections of the message meet it.
   * @param path a function, because to build one costs more than the warning that is not kept
   */
  add(code: WarningCode, path: () => string, text: string): void {
    this.#count += 1;
    if (this.list.length >= MAX_WARNINGS || this.#count > MOST_LOOKED_AT) return;
    const where = path();
    if (this.#isNew(`${code} ${where}`)) this.list.push({ code, path: where, text });
  }

  /** Says it of the first place only, and also where others have filled the list: it is about the whole object. */
  addOnce(code: WarningCode, path: () => string, text: string): void {
    if (!this.#isNew(`${code} ${text}`)) return;
    if (this.list.length >= MAX_WARNINGS) this.list.pop();
    this.list.push({ code, path: path(), text });
  }

  #isNew(key: string): boolean {
    if (this.#said.has(key)) return false;
    this.#said.add(key);
    return true;
  }
}

/** For a walk that only tries whether something can be read. */
export class NoWarnings extends Warnings {
  override add(): void {
    // Nobody will read it.
  }

  override addOnce(): void {
    // Nor this.
  }
}
