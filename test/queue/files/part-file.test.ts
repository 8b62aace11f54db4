import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { crc32 } from 'node:zlib';
import { BLOCK_BYTES } from '../../../src/queue/block-buffer';
import { PartFile } from '../../../src/queue/files/part-file';
import { FILE_MODE, realFiles, type DiskFiles } from '../../../src/basics/disk-files';

const LARGE = 2 * BLOCK_BYTES;
const root = mkdtempSync(join(tmpdir(), 'dicom-part-'));
after(() => rmSync(root, { recursive: true, force: true }));

let number = 0;
const fresh = (): string => join(root, `${(number += 1)}.part`);
const part = (path: string, files: DiskFiles = realFiles): PartFile =>
  new PartFile(() => path, FILE_MODE, files, LARGE);
/** Bytes that differ from block to block. */
const bytes = (length: number): Buffer =>
  Buffer.from(Array.from({ length }, (_, at) => (at * 7 + (at >> 8)) & 0xff));

describe('an object that is being written', () => {
  it('is in memory while it is small: there is no file, and what is taken of it is whole', () => {
    const path = fresh();
    const file = part(path);
    const all = bytes(LARGE - 1);
    file.append(all.subarray(0, 1_000));
    file.append(all.subarray(1_000));
    assert.equal(file.content().kind, 'memory');
    const collected = file.takeCollected();
    assert.ok(collected !== undefined && collected.copy(0, all.length).equals(all));
    assert.deepEqual([file.size, file.checksum, existsSync(path)], [all.length, crc32(all, 0), false]);
    collected.clear();
    file.discard();
  });

  it('is a file of its own once it is large, for its owner only, whatever pieces it comes in', async () => {
    for (const piece of [1_000, BLOCK_BYTES, 3 * LARGE]) {
      const path = fresh();
      const file = part(path);
      const all = bytes(5 * LARGE + 17);
      for (let at = 0; at < all.length; at += piece) file.append(all.subarray(at, at + piece));
      await file.complete(false);
      assert.ok(readFileSync(path).equals(all), `pieces of ${piece}`);
      assert.equal(statSync(path).mode & 0o777, FILE_MODE);
      assert.equal(file.checksum, crc32(all, 0));
      assert.equal(file.takeCollected(), undefined);
      file.discard();
      assert.equal(existsSync(path), false);
    }
  });

  it('has its first block in memory, too, as long as somebody needs it', () => {
    const file = part(fresh());
    const all = bytes(3 * LARGE);
    file.append(all);
    const content = file.content();
    assert.ok(content.kind === 'file' && content.head?.equals(all.subarray(0, BLOCK_BYTES)));
    const head = file.takeHead();
    assert.ok(head !== undefined && head.copy(0, BLOCK_BYTES).equals(all.subarray(0, BLOCK_BYTES)));
    head.clear();
    assert.equal(file.takeHead(), undefined);
    file.discard();
  });

  it('is synced when that is wanted, and only then', async () => {
    const synced: number[] = [];
    const files: DiskFiles = { ...realFiles, sync: (fd) => (synced.push(fd), Promise.resolve()) };
    for (const isSynced of [false, true]) {
      const file = part(fresh(), files);
      file.append(bytes(3 * LARGE));
      await file.complete(isSynced);
      file.discard();
    }
    assert.equal(synced.length, 1);
  });

  it('keeps its new name, and removes the file under that', async () => {
    const file = part(fresh());
    file.append(bytes(3 * LARGE));
    await file.complete(false);
    const name = join(root, 'renamed.dcm');
    file.rename(name);
    assert.ok(existsSync(name));
    file.discard();
    assert.deepEqual(readdirSync(root), []);
  });

  it('never writes over a file that is there', () => {
    const path = fresh();
    writeFileSync(path, 'of another');
    const file = part(path);
    assert.throws(() => file.append(bytes(3 * LARGE)), /EEXIST/);
    file.discard();
    assert.equal(readFileSync(path, 'utf8'), 'of another');
    rmSync(path);
  });
});
