import { MisbehavingScp, type Behaviour, type StoreAnswer, type StoredObject } from './misbehaving-scp';
import {
  associateRQ,
  commandSet,
  dataTF,
  IMPLICIT,
  item,
  pdv,
  readResponse,
  releaseRQ,
} from '../connections/pdus';
import { RawPeer } from '../connections/raw-peer';

/** Storage Commitment Push Model. */
export const COMMITMENT = '1.2.840.10008.1.20.1';

export interface Referenced {
  sopClassUID: string;
  sopInstanceUID: string;
}

/** What an SCP says of objects. */
export interface Said {
  committed?: readonly Referenced[] | undefined;
  failed?: readonly (Referenced & { reason: number })[] | undefined;
}

/** An element of group 0008 or an item, in implicit VR little endian. */
export function element(tag: number, value: Buffer | string, group = 8): Buffer {
  const bytes = Buffer.from(value as string, 'latin1');
  const padded = bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(1)]);
  const header = Buffer.alloc(8);
  header.writeUInt16LE(group, 0);
  header.writeUInt16LE(tag, 2);
  header.writeUInt32LE(padded.length, 4);
  return Buffer.concat([header, padded]);
}

function reference({ sopClassUID, sopInstanceUID }: Referenced, ...more: Buffer[]): Buffer {
  const parts = [element(0x1150, sopClassUID), element(0x1155, sopInstanceUID), ...more];
  return element(0xe000, Buffer.concat(parts), 0xfffe);
}

/** The data set of an N-EVENT-REPORT-RQ. */
export function reportOf(transactionUID: string, { committed = [], failed = [] }: Said): Buffer {
  const reasonOf = (reason: number): Buffer => element(0x1197, Buffer.from([reason & 0xff, reason >> 8]));
  return Buffer.concat([
    element(0x1195, transactionUID),
    ...(failed.length > 0
      ? [element(0x1198, Buffer.concat(failed.map((each) => reference(each, reasonOf(each.reason)))))]
      : []),
    ...(committed.length > 0
      ? [element(0x1199, Buffer.concat(committed.map((each) => reference(each))))]
      : []),
  ]);
}

/** An N-EVENT-REPORT-RQ. */
export function eventReport(
  dataSet: Buffer,
  elements: Record<number, number | string> = {},
  contextId = 1,
): Buffer {
  const command = commandSet({
    0x0002: COMMITMENT,
    0x0100: 0x0100,
    0x0110: 44,
    0x0800: 1,
    0x1000: `${COMMITMENT}.1`,
    0x1002: 2,
    ...elements,
  });
  const pieces: Buffer[] = [];
  for (let at = 0; at < dataSet.length; at += PIECE)
    pieces.push(dataTF(pdv(contextId, 0, dataSet.subarray(at, at + PIECE))));
  return Buffer.concat([
    dataTF(pdv(contextId, 3, command)),
    ...pieces,
    dataTF(pdv(contextId, 2, Buffer.alloc(0))),
  ]);
}

/** Bytes of a data set in one PDU. */
const PIECE = 16_000;

/** A role selection item. */
export function role(sopClass: string, scu: number, scp: number): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(sopClass.length);
  return item(0x54, Buffer.concat([length, Buffer.from(sopClass), Buffer.from([scu, scp])]));
}

/** A peer on an association of its own that wants to report. */
export async function reporter(
  port: number,
  callingAET: string,
  { userItems = [role(COMMITMENT, 0, 1)], syntax = IMPLICIT } = {},
): Promise<RawPeer> {
  const peer = await RawPeer.connect(port);
  const contexts = [{ id: 1, abstractSyntax: COMMITMENT, transferSyntaxes: [syntax] }];
  peer.send(associateRQ({ callingAET, contexts, userItems }));
  return peer;
}

/** Reports on an association of its own. Resolves with the status of the response. */
export async function reportTo(port: number, callingAET: string, dataSet: Buffer): Promise<number> {
  const peer = await reporter(port, callingAET);
  const accepted = await peer.next();
  if (accepted?.type !== 2) throw new Error(`not accepted: PDU ${accepted?.type}`);
  peer.send(eventReport(dataSet));
  const response = await peer.next();
  if (response?.type !== 4) throw new Error(`no response: PDU ${response?.type}`);
  const status = Number(readResponse(response.body).values.get(0x0900));
  peer.send(releaseRQ());
  await peer.next();
  peer.destroy();
  return status;
}

/** What it was asked for. */
export interface AskedFor {
  transactionUID: string;
  instances: Referenced[];
  contextId: number;
}

/** An SCP of storage and of storage commitment. By default it says nothing after N-ACTION. */
export class CommittingScp {
  readonly asked: AskedFor[] = [];

  private constructor(readonly scp: MisbehavingScp) {}

  /** @param answer to an N-ACTION-RQ, by the number of those before it */
  static async listen(
    answer: (asked: AskedFor, count: number) => StoreAnswer = () => 0,
    behaviour: Behaviour = {},
    port = 0,
  ): Promise<CommittingScp> {
    const listening = await MisbehavingScp.listen({}, port);
    const committing = new CommittingScp(listening);
    listening.behaviour = {
      ...behaviour,
      store: (object, count) => {
        if (!isAction(object)) return behaviour.store?.(object, count) ?? 0;
        const asked = askedFor(object);
        committing.asked.push(asked);
        return answer(asked, committing.asked.length - 1);
      },
    };
    return committing;
  }

  /** Objects that came. */
  get stored(): StoredObject[] {
    return this.scp.objects.filter((object) => !isAction(object));
  }

  /** Reports on all of its associations that are open. */
  report(asked: AskedFor, said: Said): void {
    this.scp.say(eventReport(reportOf(asked.transactionUID, said), {}, asked.contextId));
  }
}

const isAction = ({ command }: StoredObject): boolean => command.get(0x0100) === 0x0130;

/** Reads what our own encoder writes: implicit VR little endian, defined lengths. */
function askedFor({ dataSet, contextId }: StoredObject): AskedFor {
  const uids = (bytes: Buffer): Map<number, Buffer> => {
    const values = new Map<number, Buffer>();
    for (let at = 0; at < bytes.length;) {
      const end = at + 8 + bytes.readUInt32LE(at + 4);
      values.set(bytes.readUInt16LE(at + 2), bytes.subarray(at + 8, end));
      at = end;
    }
    return values;
  };
  const text = (value: Buffer | undefined): string => value?.toString('latin1').replace(/\0$/, '') ?? '';
  const all = uids(dataSet);
  const instances: Referenced[] = [];
  const items = all.get(0x1199) ?? Buffer.alloc(0);
  for (let at = 0; at < items.length;) {
    const end = at + 8 + items.readUInt32LE(at + 4);
    const values = uids(items.subarray(at + 8, end));
    instances.push({ sopClassUID: text(values.get(0x1150)), sopInstanceUID: text(values.get(0x1155)) });
    at = end;
  }
  return { transactionUID: text(all.get(0x1195)), instances, contextId };
}
