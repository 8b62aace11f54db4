import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_DIR } from '../package/package-dir';
import { dataSetOf } from '../objects/part10';
import { dataTF, pdv, releaseRQ, storeRQ } from '../connections/pdus';
import { associate, type RawPeer } from '../connections/raw-peer';

export const SAMPLE = join(PACKAGE_DIR, 'test', 'fixtures', 'sample-ct.dcm');
export const SAMPLE_UID = '2.25.101203456789012345678901234567893';

const sampleDataSet = dataSetOf(readFileSync(SAMPLE));
const PDV_LENGTH = 16_000;

/** The sample's data set with another SOP Instance UID of the same length: the sample's first digits and this number. */
export function sampleInstance(number: number): { uid: string; dataSet: Buffer } {
  const uid = SAMPLE_UID.slice(0, -9) + String(100_000_000 + number);
  const dataSet = Buffer.from(sampleDataSet);
  dataSet.write(uid, dataSet.indexOf(SAMPLE_UID), 'latin1');
  return { uid, dataSet };
}

/** An association that sends samples; made of the tests' own PDUs. */
export class StoreClient {
  private constructor(readonly peer: RawPeer) {}

  /** @throws when the association is not accepted */
  static async open(port: number): Promise<StoreClient> {
    return new StoreClient(await associate(port));
  }

  /** Resolves with the status of the response. */
  async store(uid: string, dataSet: Buffer, timeoutMs?: number): Promise<number> {
    this.peer.send(dataTF(pdv(3, 0b11, storeRQ({ 0x1000: uid }))));
    for (let at = 0; at < dataSet.length; at += PDV_LENGTH) {
      const isLast = at + PDV_LENGTH >= dataSet.length;
      this.peer.send(dataTF(pdv(3, isLast ? 0b10 : 0, dataSet.subarray(at, at + PDV_LENGTH))));
    }
    return Number((await this.peer.response(timeoutMs)).get(0x0900));
  }

  async release(): Promise<void> {
    this.peer.send(releaseRQ());
    await this.peer.next();
    this.peer.destroy();
  }
}

/** The data set with Data Set Trailing Padding (PS3.10 7.2). */
export function padded(dataSet: Buffer, padding: number): Buffer {
  const header = Buffer.from([0xfc, 0xff, 0xfc, 0xff, 0x4f, 0x42, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32LE(padding, 8);
  return Buffer.concat([dataSet, header, Buffer.alloc(padding)]);
}
