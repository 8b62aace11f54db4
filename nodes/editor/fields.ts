import { isEnvironmentReference, splitList, type NodeSettings } from '../../src/settings';
import type { EditorNode } from './red';

/** Looks up a field's value: in the open dialog, or in the node. */
export type Values<Name extends string> = (field: Name) => unknown;

/** What the selection of a configuration node holds where none is chosen. */
const NO_NODE = '_ADD_';
/** Of a checkbox that is neither on nor off: the variable that says so when the flow starts. */
const VARIABLE = 'data-variable';

/** The values of a node type's fields: as the node has them, and as they stand in its dialog. */
export class FormFields<Name extends string> {
  constructor(private readonly settings: NodeSettings<Name>) {}

  get names(): readonly Name[] {
    return this.settings.names;
  }

  /** A field's input. A list is shown as comma text, and rows as JSON, which Node-RED must not take for the property's value. */
  input(name: Name): JQuery {
    const { kind } = this.settings.fields[name];
    return $(`#${this.prefix}${name}${kind === 'list' || kind === 'rows' ? '-list' : ''}`);
  }

  /** The input of what Node-RED keeps encrypted. */
  credential(name: string): JQuery {
    return $(`#${this.prefix}${name}`);
  }

  /** With which Node-RED's ids of inputs begin. The build has it for rows of the html (`scripts/node-html.mjs`). */
  private get prefix(): string {
    const isConfig = RED.nodes.getType(this.settings.type)?.category === 'config';
    return isConfig ? 'node-config-input-' : 'node-input-';
  }

  /** Values as the node has them, or as its older version means them. Those that it lacks have their defaults, as at run time. */
  ofNode(node: EditorNode): Values<Name> {
    const config = this.settings.migrate(node);
    return (name) => config[name] ?? this.settings.defaults[name];
  }

  /** Values as they stand in the open dialog. */
  inDialog(): Values<Name> {
    return (name): unknown => {
      const input = this.input(name);
      if (this.isVariable(input)) return input.attr(VARIABLE);
      if (input.is(':checkbox')) return input.is(':checked');
      const entered = input.val();
      return this.settings.fields[name].kind === 'node' && entered === NO_NODE ? '' : entered;
    };
  }

  /** Enters what Node-RED does not: it fills the inputs with the values of the node, unchanged. */
  fill(node: EditorNode): void {
    const values = this.ofNode(node);
    for (const name of this.settings.names) {
      const value = values(name);
      const { kind } = this.settings.fields[name];
      if (isEnvironmentReference(value) && this.fillVariable(name, String(value))) continue;
      if (kind === 'list') this.input(name).val(Array.isArray(value) ? value.join(', ') : '');
      else if (kind === 'rows') this.input(name).val(JSON.stringify(value));
      else if (value === node[name] || (kind === 'node' && value === '')) continue;
      else if (typeof value === 'boolean') this.input(name).prop('checked', value);
      else this.input(name).val(String(value));
    }
  }

  /** A variable of the environment, where the input has no place for it. False: there is, and it is an input like any other. */
  private fillVariable(name: Name, variable: string): boolean {
    const input = this.input(name);
    if (input.is(':checkbox')) {
      const shown = $('<code>').text(variable).appendTo(input.closest('.form-row'));
      input.attr(VARIABLE, variable).prop({ checked: false, indeterminate: true });
      input.on('change', () => shown.toggle(this.isVariable(input)));
    } else if (this.settings.fields[name].kind === 'list') input.val(variable);
    else if (this.settings.fields[name].kind === 'node')
      input.append($('<option>').val(variable).text(variable)).val(variable);
    else return false;
    return true;
  }

  /** Nobody has said otherwise since the dialog was opened. */
  private isVariable(input: JQuery): boolean {
    return input.attr(VARIABLE) !== undefined && input.prop('indeterminate') === true;
  }

  /** jQuery leaves carriage returns out of the values that it reads: line ends become line feeds before. */
  enterText(name: Name, entered: string): void {
    this.input(name).val(entered.replace(/\r\n?/g, '\n'));
  }

  /**
   * To be called before Node-RED reads the inputs: puts lists into the node, and keeps Node-RED from writing settings into it
   * that it lacks and whose default is still in the dialog. So a flow of an older package stays as it is when its dialog is
   * opened and left with Done. Only where its settings have an older version it gets the version of what is written now.
   */
  save(node: EditorNode): void {
    const entered = this.inDialog();
    const config = this.settings.migrate(node);
    for (const name of this.settings.names) {
      if (this.settings.fields[name].kind === 'rows') {
        const json = entered(name);
        const rows = JSON.parse(typeof json === 'string' ? json : '[]') as unknown[];
        if (config[name] !== undefined || rows.length > 0) node[name] = rows;
      } else if (this.settings.fields[name].kind === 'list') {
        const text = entered(name);
        const values = typeof text === 'string' ? splitList(text) : [];
        // A variable that is the whole value stays that.
        if (config[name] === values[0] && values.length === 1) continue;
        if (config[name] !== undefined || values.length > 0) node[name] = values;
      } else if (
        this.isVariable(this.input(name)) ||
        (config[name] === undefined && this.isDefault(name, entered(name)))
      ) {
        // Node-RED reads what it finds by the id.
        this.input(name).removeAttr('id');
      }
    }
    if (config !== node) node['version'] = config['version'];
  }

  private isDefault(name: Name, value: unknown): boolean {
    const { default: expected } = this.settings.fields[name];
    if (typeof expected === 'object') return false;
    return typeof expected === 'boolean' ? value === expected : value === String(expected);
  }
}
