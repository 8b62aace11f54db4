import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { curveSvg } from '../../bench/support/svg';
import { needs } from '../support/needs';
import { PACKAGE_DIR } from '../support/user-dir';

describe('npm run bench', () => {
  it('measures this node beside a peer and says what is reached', { skip: needs('dcmtk') }, () => {
    const script = join(PACKAGE_DIR, 'dist', 'bench', 'main.js');
    const options = ['--only', 'sr', '--receivers', 'storescp,disk', '--rounds', '1', '--scale', '0.02'];
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...options], {
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
    for (const associations of ['1 association', '4 associations', '16 associations'])
      assert.match(stdout, new RegExp(`### SR, 5 KB, ${associations}`));
    const rows = stdout.split('\n').filter((line) => /^\| dicom-in, disk(-synced)? /.test(line));
    assert.equal(rows.length, 6, stdout);
    for (const row of rows) {
      const [objectsPerSecond, ratio] = row.split('|').slice(2).map(Number);
      assert.ok((objectsPerSecond ?? NaN) > 0 && (ratio ?? NaN) > 0, row);
    }
    assert.match(stdout, /\| disk, objects\/s ≥ 1\.2 × storescp: SR, 5 KB, 1 association +\| +[\d.]+ \|/);
  });

  it('draws a curve whose points are where their costs are', () => {
    const points = [1, 10, 100].map((x, index) => ({ x, label: String(x), cost: index + 1, memoryMB: 100 }));
    const svg = curveSvg({ title: 'Growth', x: 'associations', y: 'CPU ms', points });
    const marks = [...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)"/g)].map(([, x, y]) => [
      Number(x),
      Number(y),
    ]);
    assert.equal(marks.length, 3);
    const [[left = 0, low = 0] = [], [middle = 0] = [], [right = 0, high = 0] = []] = marks;
    assert.ok(Math.abs(middle - (left + right) / 2) < 0.2, 'powers of ten are equally far apart');
    assert.ok(high < low, 'what costs more stands higher');
  });
});
