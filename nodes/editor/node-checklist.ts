import { isEnvironmentReference, splitList } from '../../src/settings';
import type { EditorNode } from './red';
import type { Texts } from './texts';

/** The part of a form that a list of configuration nodes needs. */
interface ChecklistForm<Name extends string> {
  readonly type: string;
  readonly dialog: JQuery;
  readonly texts: Texts;
  readonly fields: { input(name: Name): JQuery };
}

/** A node that can be ticked. */
interface Choice {
  id: string;
  label: string;
}

/**
 * Shows the configuration nodes of a type with a box for each. The ids of those that are ticked are in the setting's own
 * hidden input, as comma text. A ticked one that there is no more is among them, to be unticked.
 */
export class NodeChecklist<Name extends string> {
  private readonly element: JQuery;
  private readonly stored: JQuery;
  /** What was ticked when the dialog was opened. */
  private readonly former: readonly string[];
  /** As JSON: the list is made anew only when it changes, so that the focus stays where it is. */
  private shown = '';

  constructor(
    private readonly form: ChecklistForm<Name>,
    name: Name,
    private readonly node: EditorNode,
    private readonly nodeType: string,
  ) {
    this.element = $(`#${form.type}-checks-${name}`);
    this.stored = form.fields.input(name);
    this.former = this.ticked();
    this.show();
    this.element.on('change', 'li input', (event) => {
      event.stopPropagation();
      this.stored.val(this.entered().join(',')).trigger('change');
    });
    // Beside the dialog, configuration nodes are added and renamed in dialogs that are opened from it.
    form.dialog.on('change', () => this.show());
  }

  private show(): void {
    const choices = this.choices();
    const shown = JSON.stringify(choices);
    if (shown === this.shown) return;
    this.shown = shown;
    const ticked = new Set(this.ticked());
    this.element
      .children('ul')
      .empty()
      .append(choices.map((choice) => row(choice, ticked.has(choice.id))));
    const none = choices.length === 0 ? this.form.texts.text('list.noNodes') : '';
    this.element.children('.dicom-hint').text(none);
  }

  /** By name; nodes that there are no more at the end. */
  private choices(): Choice[] {
    const found: Choice[] = [];
    RED.nodes.eachConfig((node) => {
      // One that belongs to a subflow is for that only.
      const isInReach = node.z === undefined || node.z === '' || node.z === this.node.z;
      if (node.type === this.nodeType && isInReach)
        found.push({ id: node.id, label: RED.utils.getNodeLabel(node, node.id) });
    });
    found.sort((one, other) => one.label.localeCompare(other.label));
    const ids = new Set(found.map(({ id }) => id));
    const missing = this.former.filter((id) => !ids.has(id));
    const { text } = this.form.texts;
    const label = (id: string): string =>
      isEnvironmentReference(id) ? id : text('list.missingNode', { id });
    return [...found, ...missing.map((id) => ({ id, label: label(id) }))];
  }

  private ticked(): string[] {
    return splitList(String(this.stored.val() ?? ''));
  }

  /** In the order in which they were ticked: what is not changed stays as it came. */
  private entered(): string[] {
    const boxes = this.element.find('li input:checked').get();
    const checked = boxes.map((box) => String($(box).val()));
    const kept = this.ticked().filter((id) => checked.includes(id));
    return [...kept, ...checked.filter((id) => !kept.includes(id))];
  }
}

function row({ id, label }: Choice, isTicked: boolean): JQuery {
  const box = $('<input type="checkbox">').val(id).prop('checked', isTicked);
  return $('<li>').append($('<label>').append(box, $('<span>').text(label)));
}
