import {
  memberOf,
  SENDER_PEER_MEMBERS,
  SENDER_SETTING,
  type JsonObject,
  type SenderField,
  type SettingValue,
  type SettingValues,
} from '../../../src/integration-soup';
import { DICOM_PEER, type DicomOutField } from '../../../src/settings';
import { nodeTexts, remark, type EditorNode, type HistoryEvent, type NodeForm } from '../../editor';
import type { ImportingForm } from '../../editor/import-export';

type PeerField = keyof typeof SENDER_PEER_MEMBERS;
const PEER_FIELDS = Object.keys(SENDER_PEER_MEMBERS) as PeerField[];
/** What may be in the way of an object in Integration Soup, and a flow must do instead. */
const LINKS = ['Filters', 'Transformers'];

/** Node-RED's own switch of a node, at the dialog's foot. */
const disabledSwitch = (): JQuery => $('#node-input-node-disabled');

/** The dialog of `dicom-out` as imports and exports want it: half of a sender's values are those of the chosen peer. */
export class SenderForm implements ImportingForm<SenderField> {
  readonly kind = SENDER_SETTING;
  readonly texts;
  private readonly peerTexts = nodeTexts(DICOM_PEER.type);
  /** The peer that an import has made: it goes where the dialog is cancelled, or another one is chosen. */
  private made: EditorNode | undefined;

  constructor(private readonly form: NodeForm<DicomOutField, string>) {
    this.texts = form.texts;
  }

  get dialog(): JQuery {
    return this.form.dialog;
  }

  input(name: 'imported' | 'name'): JQuery {
    return this.form.fields.input(name);
  }

  values(): SettingValues<SenderField> {
    const values = new Map<SenderField, SettingValue>([
      ['disabled', disabledSwitch().is(':checked')],
      ['name', String(this.input('name').val() ?? '')],
    ]);
    const peer = this.chosenPeer();
    if (peer != null) for (const field of PEER_FIELDS) values.set(field, peerValue(peer, field));
    return values;
  }

  enter(values: SettingValues<SenderField>): void {
    disabledSwitch()
      .prop('checked', values.get('disabled') === true)
      .trigger('change');
    this.form.fields.enterText('name', String(values.get('name') ?? ''));
    this.takeBack();
    const peer = findPeer(values) ?? this.makePeer(values);
    this.peerInput().val(peer.id).trigger('change');
  }

  remarks(): { label: string; remark: ReturnType<typeof remark> }[] {
    const peer = this.chosenPeer();
    if (peer == null) return [];
    return PEER_FIELDS.flatMap((field) =>
      DICOM_PEER.check(field, peer[field]).map((finding) => ({
        label: this.label(field),
        remark: remark(finding, this.peerTexts),
      })),
    );
  }

  notes({ values, json }: { values: SettingValues<SenderField>; json: JsonObject }): string[] {
    const { text } = this.texts;
    const peer = this.chosenPeer();
    const links = LINKS.filter((name) => isLink(json, name));
    const found = text(this.made === undefined ? 'importExport.peerFound' : 'importExport.peerMade');
    return [
      ...(peer == null ? [] : [`${found} ${RED.utils.getNodeLabel(peer, peer.id)}`]),
      ...(values.get('disabled') === true ? [text('importExport.disabled')] : []),
      ...(links.length > 0 ? [`${text('importExport.linksOnly')} ${links.join(', ')}`] : []),
    ];
  }

  label(field: SenderField): string;
  label(field: SenderField): string | undefined {
    if (field === 'disabled') return undefined;
    const texts = field === 'name' ? this.texts : this.peerTexts;
    return texts.text(`label.${field}`);
  }

  /** The dialog is left with Done. Returns what undoes that there is a peer more. */
  save(node: EditorNode): HistoryEvent[] {
    const { made } = this;
    if (made === undefined) return [];
    if (this.chosenPeer()?.id !== made.id) {
      this.takeBack();
      return [];
    }
    this.made = undefined;
    const { id } = made;
    return [{ t: 'add', nodes: [id], dirty: RED.nodes.dirty(), callback: () => noteUser(id, node.id) }];
  }

  /** The dialog is left with Cancel, or the import is followed by another one. */
  takeBack(): void {
    if (this.made === undefined) return;
    this.peerInput().find(`option[value="${this.made.id}"]`).remove();
    RED.nodes.remove(this.made.id);
    this.made = undefined;
  }

  private makePeer(values: SettingValues<SenderField>): EditorNode {
    const entered = PEER_FIELDS.map((field) => [field, String(values.get(field))]);
    const name = String(values.get('name') ?? '').trim();
    const peer: EditorNode = {
      id: RED.nodes.id(),
      type: DICOM_PEER.type,
      _def: RED.nodes.getType(DICOM_PEER.type),
      users: [],
      changed: true,
      ...DICOM_PEER.defaults,
      ...(Object.fromEntries(entered) as Record<PeerField, string>),
      version: DICOM_PEER.version,
      // msg.peer names peers.
      name: peers().some((other) => other['name'] === name) ? '' : name,
    };
    RED.nodes.add(peer);
    RED.editor.validateNode(peer);
    this.made = peer;
    $('<option>').val(peer.id).text(RED.utils.getNodeLabel(peer, peer.id)).appendTo(this.peerInput());
    return peer;
  }

  private peerInput(): JQuery {
    return this.form.fields.input('peer');
  }

  private chosenPeer(): EditorNode | null | undefined {
    return RED.nodes.node(String(this.form.fields.inDialog()('peer')));
  }
}

/** Redo makes the peer after it has given it to the node: to Node-RED, nobody would use it, and the node would be invalid. */
function noteUser(peerId: string, nodeId: string): void {
  const [peer, node] = [RED.nodes.node(peerId), RED.nodes.node(nodeId)];
  if (peer == null || node == null || node['peer'] !== peerId) return;
  const users = peer['users'] as EditorNode[];
  if (!users.includes(node)) users.push(node);
  RED.editor.validateNode(node);
}

/** A GUID of zeros links to nothing. */
function isLink(json: JsonObject, name: string): boolean {
  const value = memberOf(json, name)?.value;
  return value?.kind === 'string' && /[^0-]/.test(value.value);
}

const peerValue = (peer: EditorNode, field: PeerField): string =>
  String((peer[field] as string | number | undefined) ?? DICOM_PEER.defaults[field]);

/** One to which objects go as these values say; disabled ones are of no use. */
function findPeer(values: SettingValues<SenderField>): EditorNode | undefined {
  return peers().find(
    (peer) =>
      peer.d !== true && PEER_FIELDS.every((field) => peerValue(peer, field) === String(values.get(field))),
  );
}

function peers(): EditorNode[] {
  const found: EditorNode[] = [];
  RED.nodes.eachConfig((node) => {
    if (node.type === DICOM_PEER.type) found.push(node);
    // Node-RED stops where a look is false.
    return true;
  });
  return found;
}
