import type { Finding, NodeSettings } from '../../src/settings';
import { EntryList } from './entry-list';
import { FormFields, type Values } from './fields';
import { fillChoices, hint } from './field-words';
import { NodeChecklist } from './node-checklist';
import { OptionChecklist } from './option-checklist';
import type { EditorNode } from './red';
import { remark, showRemarks, type Remark } from './remarks';
import { nodeTexts, type Texts } from './texts';

/** What a node type's dialog has beside its fields. */
export interface FormOptions<Name extends string> {
  /** What the workspace shows of a node without a name. Default: the type's name in words. */
  label?: (values: Values<Name>) => string;
  /** Fields that mean something only where others say so: they are shown there only. */
  shownIf?: Partial<Record<Name, (values: Values<Name>) => boolean>>;
  /** What Node-RED keeps encrypted, and where it is shown. */
  credentials?: Readonly<Record<string, (values: Values<Name>) => boolean>>;
  /** What is wrong with a credential that is entered, by what is in its input. One that Node-RED keeps is not known here. */
  credentialCheck?: (name: string, value: string) => Finding[];
  /** Remarks beside those of the settings: on other nodes, or on what the runtime may do. */
  remarks?: (about: About<Name>) => Remark[];
}

/** What remarks are made about. */
export interface About<Name extends string> {
  node: EditorNode;
  field: Name;
  values: Values<Name>;
  /** By the settings. */
  found: readonly Remark[];
  texts: Texts;
}

/**
 * A node type's dialog, as its html calls it. Fields, their order and icons are in the html (`<form-field>`); names, kinds,
 * defaults and checks come from `src/settings`, so that the dialog and the runtime agree; words come from the catalogues.
 */
export class NodeForm<Name extends string, Code extends string> {
  readonly texts: Texts;
  readonly fields: FormFields<Name>;
  /** The node whose dialog is open: Node-RED also validates others meanwhile, which must not read this one's fields. */
  private node: EditorNode | undefined;

  constructor(
    private readonly settings: NodeSettings<Name, Code>,
    private readonly options: FormOptions<Name> = {},
  ) {
    this.texts = nodeTexts(settings.type);
    this.fields = new FormFields(settings);
  }

  get type(): string {
    return this.settings.type;
  }

  /** The element around all of the dialog. */
  get dialog(): JQuery {
    return $(`#${this.type}-dialog`);
  }

  /** A property's validator: true, or what is wrong with the value, beginning with the field's label. */
  validate(node: EditorNode, name: Name | 'version', value: unknown): true | string {
    const unknown = this.unknownVersion(node);
    // What another version means by it is not known.
    if (name !== 'version' && unknown.length > 0) return true;
    const others = this.node === node ? this.fields.inDialog() : this.fields.ofNode(node);
    const errors = this.remarks(
      node,
      name,
      (other) => (other === name ? value : others(other)),
      value,
    ).filter(({ severity }) => severity === 'error');
    if (errors.length === 0) return true;
    return `${this.texts.text(`label.${name}`)}: ${errors.map(({ text }) => text).join('; ')}`;
  }

  /** What the workspace shows. */
  label(node: EditorNode): string {
    const values = this.fields.ofNode(node);
    const name = node['name'];
    if (typeof name === 'string' && name.trim() !== '') return name;
    return this.options.label?.(values) ?? this.type.replaceAll('-', ' ');
  }

  /**
   * Gives a node what one from the palette begins with, where that is not the default, and returns whether it is from there.
   * The literal defaults in the html stay what their absence in a flow means, so that nothing changes for flows that are
   * pasted, imported, or taken back by undo: those nodes are in the workspace already when Node-RED tells of them, or it does
   * not tell at all.
   */
  added(node: EditorNode): boolean {
    // `!= null`: an older editor gives null for a node that it does not have.
    if (RED.nodes.node(node.id) != null) return false;
    for (const name of this.settings.names) {
      const { initial } = this.settings.fields[name];
      if (initial !== undefined) node[name] = initial;
    }
    return true;
  }

  /**
   * The dialog opens: Node-RED has put the node's values into the inputs. False where the node's version is not known: then
   * nothing can be entered.
   */
  open(node: EditorNode): boolean {
    const unknown = this.unknownVersion(node);
    if (unknown.length > 0) {
      this.refuse(unknown);
      return false;
    }
    this.node = node;
    this.fields.fill(node);
    const values = this.fields.ofNode(node);
    for (const name of this.settings.names) {
      fillChoices(this.fields.input(name), name, this.settings.fields[name], values(name), this.texts);
      const field = this.settings.fields[name];
      this.addNotes(name, this.fields.input(name), hint(name, field, this.texts));
      if (field.kind === 'list' && field.nodeType !== undefined)
        new NodeChecklist(this, name, node, field.nodeType);
      if (field.kind === 'list' && field.choices !== undefined)
        new OptionChecklist(this, name, field.choices);
      if ($(`#${this.type}-list-${name}`).length > 0) new EntryList(this, name);
    }
    for (const name of this.credentialNames)
      this.addNotes(name, this.fields.credential(name), this.texts.text(`hint.${name}`));
    const refresh = (): void => this.refresh(node);
    this.dialog.on('input change', refresh);
    refresh();
    return true;
  }

  /** The dialog is left with Done: to be called before Node-RED reads the inputs. */
  save(node: EditorNode): void {
    if (this.node === node) this.fields.save(node);
    this.close();
  }

  close(): void {
    this.node = undefined;
  }

  /** Whether an entry of a list is wrong. Only a whole value may be a variable that is replaced at start. */
  isEntryWrong(name: Name, entry: string, isOnly: boolean): boolean {
    const found = isOnly ? this.settings.check(name, entry) : this.settings.fields[name].check(entry);
    return found.some(({ severity }) => severity === 'error');
  }

  /** What is wrong or remarkable about a field in the open dialog. */
  remarksInDialog(node: EditorNode, name: Name): Remark[] {
    const values = this.fields.inDialog();
    return this.remarks(node, name, values, values(name));
  }

  /** Problems found by a field's own check, by checks across fields, and by the node type. */
  private remarks(node: EditorNode, name: Name | 'version', values: Values<Name>, value: unknown): Remark[] {
    const found = [
      ...this.settings.check(name, value),
      ...this.settings.checkTogether(this.all(values)).filter(({ field }) => field === name),
    ].map((finding) => remark(finding, this.texts));
    if (name === 'version') return found;
    const about = { node, field: name, values, found, texts: this.texts };
    return [...found, ...(this.options.remarks?.(about) ?? [])];
  }

  /** Remarks, and which rows are there, follow what is entered. */
  private refresh(node: EditorNode): void {
    const values = this.fields.inDialog();
    for (const name of this.settings.names) {
      const input = this.fields.input(name);
      const isShown = this.options.shownIf?.[name]?.(values);
      if (isShown !== undefined) input.closest('.form-row').toggle(isShown);
      const room = $(`#${this.type}-remarks-${name}`);
      showRemarks(room, input, this.remarks(node, name, values, values(name)), this.texts);
    }
    for (const name of this.credentialNames) {
      const isShown = this.options.credentials?.[name]?.(values) ?? true;
      const input = this.fields.credential(name);
      input.closest('.form-row').toggle(isShown);
      if (this.options.credentialCheck === undefined) continue;
      const found = this.options.credentialCheck(name, String(input.val() ?? ''));
      const remarks = found.map((finding) => remark(finding, this.texts));
      showRemarks($(`#${this.type}-remarks-${name}`), input, remarks, this.texts);
    }
  }

  /** Under a field: what it is for, and room for remarks. */
  private addNotes(name: string, input: JQuery, words: string): void {
    const row = input.closest('.form-row');
    if (row.length === 0) return;
    row.find('label').first().attr('title', words);
    const [hintId, remarksId] = [`${this.type}-hint-${name}`, `${this.type}-remarks-${name}`];
    $('<div class="dicom-notes">')
      .append(
        $('<div class="dicom-hint">').attr('id', hintId).text(words),
        $('<div class="dicom-remarks" aria-live="polite">').attr('id', remarksId),
      )
      .appendTo(row);
    input.attr('aria-describedby', `${hintId} ${remarksId}`);
  }

  private get credentialNames(): string[] {
    return Object.keys(this.options.credentials ?? {});
  }

  private all(values: Values<Name>): Partial<Record<Name, unknown>> {
    const entries = this.settings.names.map((name) => [name, values(name)]);
    return Object.fromEntries(entries) as Partial<Record<Name, unknown>>;
  }

  private unknownVersion(node: EditorNode): Finding[] {
    return this.settings.check('version', node['version']);
  }

  /** Puts into the dialog's place why nothing can be entered: Node-RED finds no inputs then, and changes nothing. */
  private refuse(found: readonly Finding[]): void {
    const reasons = found.map((finding) => remark(finding, this.texts).text);
    this.dialog
      .empty()
      .append(reasons.map((reason) => $('<p role="alert" class="dicom-remark dicom-error">').text(reason)));
  }
}
