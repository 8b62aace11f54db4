/** The part of Node-RED's editor API that the dialogs use. `RED` is a global of the editor's page. */

/** A node as the editor holds it: its properties by name. */
export interface EditorNode {
  readonly id: string;
  readonly type: string;
  /** Tab or subflow. */
  readonly z?: string;
  /** Disabled. */
  readonly d?: boolean;
  [property: string]: unknown;
}

/** A tab of the workspace. */
export interface EditorTab {
  label: string;
  disabled?: boolean;
  changed?: boolean;
}

/** Undoes a change when it is taken from the history. */
export type HistoryEvent = TabEdited | NodesAdded;

interface NodesAdded {
  t: 'add';
  /** Their ids. */
  nodes: string[];
  dirty: boolean;
  /** Called after it was undone, and after that was undone. */
  callback?: () => void;
}

interface TabEdited {
  t: 'edit';
  node: EditorTab;
  /** Former values. */
  changes: Partial<EditorTab>;
  changed: boolean | undefined;
  dirty: boolean;
}

interface TabControl {
  addTab(tab: { id: string; label: string }): void;
  activateTab(id: string): void;
  /** Gives the tabs their widths. */
  resize(): void;
}

export interface EditorNotification {
  close(): void;
}

interface NotificationOptions {
  type: 'compact' | 'success' | 'warning' | 'error';
  /** The one with this id is replaced. */
  id?: string;
  /** Milliseconds. */
  timeout?: number;
  modal?: boolean;
  /** Stays until it is closed. */
  fixed?: boolean;
  /** Their texts are taken as HTML. */
  buttons?: { id?: string; text: string; class?: string; click(): void }[];
}

interface EditorRed {
  /** Text of a catalogue key, with values put in. */
  _(key: string, values?: Readonly<Record<string, unknown>>): string;
  nodes: {
    /** Of the workspace; null or undefined: there is none. */
    node(id: string): EditorNode | null | undefined;
    /** Of tabs and subflows. */
    filterNodes(filter: { type: string }): EditorNode[];
    /** Wires: those into a node (port type 1). */
    getNodeLinks(id: string, portType: 1): { source: EditorNode }[] | undefined;
    /** A new id. */
    id(): string;
    add(node: EditorNode): void;
    remove(id: string): void;
    /** All configuration nodes. */
    eachConfig(look: (node: EditorNode) => void): void;
    /** What a node type was registered with. */
    getType(type: string): { category: string } | undefined;
    workspace(id: string): EditorTab | undefined;
    dirty(): boolean;
    /** What runs, as far as this editor knows: what it loaded, or deployed last. */
    originalFlow(): EditorNode[] | null | undefined;
  };
  editor: {
    /** Looks whether it is valid, and marks it accordingly. */
    validateNode(node: EditorNode): boolean;
  };
  /** Node-RED's settings, and what the runtime's part of a node exports with them. */
  settings: Readonly<Record<string, unknown>>;
  workspaces: { refresh(): void };
  events: {
    emit(name: string, what: unknown): void;
    on(name: string, heard: (what: unknown) => void): void;
  };
  /** Returns whether it could. */
  clipboard: { copyText(value: string): boolean };
  tabs: {
    create(options: { element: JQuery; onchange(tab: { id: string }): void }): TabControl;
  };
  utils: {
    /** What the editor calls a node; the other text where that is nothing. */
    getNodeLabel(node: EditorNode, otherwise?: string): string;
  };
  notify(message: JQuery, options: NotificationOptions): EditorNotification;
}

/** A suggestion under an input. */
export interface Completion {
  value: string;
  label: JQuery | string;
}

interface EditableListOptions<Row> {
  addButton: string;
  sortable: boolean;
  removable: boolean;
  addItem(row: JQuery, index: number, item: Row): void;
  removeItem?(item: Row): void;
  sortItems?(): void;
}

/** A type of a typed input: one of Node-RED's, or one of its own. */
export type InputType = string | { value: string; label: string; hasValue?: boolean; icon?: string };

declare global {
  const RED: EditorRed;
  /** Node-RED's own widgets. */
  interface JQuery {
    editableList<Row>(options: EditableListOptions<Row>): this;
    editableList(method: 'addItem', item: object): this;
    editableList(method: 'items'): JQuery;
    editableList(method: 'height', pixels: number): this;
    typedInput(options: { types: readonly InputType[]; default?: string }): this;
    typedInput(method: 'type' | 'value'): string;
    typedInput(method: 'type' | 'value', value: string): this;
    autoComplete(options: { minLength: number; search: (entered: string) => Completion[] }): this;
  }
}
