import { splitList, type Field, type Fields, type NameOf, type NodeSettings } from '../../src/settings';
import type { EditorNode } from './red';

/** Looks up a field's value: in the open dialog, or in the node. */
export type Values<Name extends string> = (field: Name) => unknown;

/** What the selection of a configuration node holds where none is chosen. */
const NO_NODE = '_ADD_';

/** The values of a node type's fields: as the node has them, and as they stand in its dialog. */
export class FormFields<F extends Fields> {
  constructor(private readonly settings: Pick<NodeSettings<F>, 'fields' | 'names' | 'defaults'>) {}

  /** A field's input. A list is shown as comma text, which Node-RED must not take for the property's value. */
  input(name: NameOf<F>): JQuery {
    return $(`#node-input-${name}${this.field(name).kind === 'list' ? '-list' : ''}`);
  }

  /** Values as the node has them. Flows of older versions lack settings: those have their defaults, as at run time. */
  ofNode(node: EditorNode): Values<NameOf<F>> {
    return (name) => node[name] ?? this.settings.defaults[name];
  }

  /** Values as they stand in the open dialog. */
  inDialog(): Values<NameOf<F>> {
    return (name): unknown => {
      const input = this.input(name);
      if (input.is(':checkbox')) return input.is(':checked');
      const entered = input.val();
      return this.field(name).kind === 'node' && entered === NO_NODE ? '' : entered;
    };
  }

  /** Enters what Node-RED does not: lists, and what the node lacks. */
  fill(node: EditorNode): void {
    for (const name of this.settings.names) {
      const { kind, default: value } = this.field(name);
      const own = node[name];
      if (kind === 'list') this.input(name).val(Array.isArray(own) ? own.join(', ') : '');
      else if (own !== undefined || kind === 'node') continue;
      else if (typeof value === 'boolean') this.input(name).prop('checked', value);
      else this.input(name).val(String(value));
    }
  }

  /** jQuery leaves carriage returns out of the values that it reads: line ends become line feeds before. */
  enterText(name: NameOf<F>, entered: string): void {
    this.input(name).val(entered.replace(/\r\n?/g, '\n'));
  }

  /**
   * To be called before Node-RED reads the inputs: puts lists into the node, and keeps Node-RED from writing settings into it
   * that it lacks and whose default stands in the dialog still. So a flow of an older version stays as it is when its dialog is
   * opened and left with Done.
   */
  save(node: EditorNode): void {
    const entered = this.inDialog();
    for (const name of this.settings.names) {
      if (this.field(name).kind === 'list') {
        const text = entered(name);
        const values = typeof text === 'string' ? splitList(text) : [];
        if (node[name] !== undefined || values.length > 0) node[name] = values;
      } else if (node[name] === undefined && this.isDefault(name, entered(name))) {
        // Node-RED reads what it finds by the id.
        this.input(name).removeAttr('id');
      }
    }
  }

  private isDefault(name: NameOf<F>, value: unknown): boolean {
    const { default: expected } = this.field(name);
    return typeof expected === 'boolean' ? value === expected : value === String(expected);
  }

  private field(name: NameOf<F>): Field {
    return this.settings.fields[name] as Field;
  }
}
