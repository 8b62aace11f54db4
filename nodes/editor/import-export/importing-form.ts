import type { FoundSetting, SettingKind, SettingValues } from '../../../src/integration-soup';
import type { EditorNode } from '../red';
import type { Remark } from '../remarks';
import type { Texts } from '../texts';

/** A node type's dialog as the panel of imports and exports wants it. */
export interface ImportingForm<Name extends string> {
  readonly kind: SettingKind<Name>;
  readonly texts: Texts;
  readonly dialog: JQuery;
  /** The input of what the node keeps of an import, or of its name. */
  input(name: 'imported' | 'name'): JQuery;
  /** As they stand in the open dialog. */
  values(): SettingValues<Name>;
  /** Puts them into the dialog, as if the user had entered them: Cancel takes them back. */
  enter(values: SettingValues<Name>): void;
  /** What is wrong with what was entered, with the label of where it is. */
  remarks(node: EditorNode): { label: string; remark: Remark }[];
  /** Paragraphs of the report on an import: what remains for the user to do. */
  notes(setting: FoundSetting<Name>): string[];
  /** The label of a field; undefined: the dialog has none of it. */
  label(field: Name): string | undefined;
  /** Whether an environment variable in it may go to Integration Soup. */
  mayNameVariables?(field: Name): boolean;
}

/** The element of the panel with this name. */
export const part = <Name extends string>({ texts }: ImportingForm<Name>, name: string): JQuery =>
  $(`#${texts.type}-${name}`);
