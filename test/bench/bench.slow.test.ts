import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { curveSvg } from '../../bench/support/svg';
import { needs } from '../support/machine/needs';
import { PACKAGE_DIR } from '../support/package/package-dir';

const script = join(PACKAGE_DIR, 'dist', 'bench', 'main.js');
const folder = mkdtempSync(join(tmpdir(), 'bench-test-'));
const results = join(folder, 'runs.jsonl');
after(() => rmSync(folder, { recursive: true }));

describe('npm run bench', () => {
  it('measures this node beside a peer and says what is reached', { skip: needs('dcmtk') }, () => {
    const options = ['--only', 'sr', '--receivers', 'storescp,disk', '--rounds', '1', '--scale', '0.02'];
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [script, ...options, '--results', results],
      {
        encoding: 'utf8',
      },
    );
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

  it('measures dicom-out beside its peers', { skip: needs('dcmtk') }, () => {
    const options = ['--sending', '--only', 'send-sr', '--rounds', '1', '--scale', '0.01'];
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [script, ...options, '--results', results],
      { encoding: 'utf8' },
    );
    assert.equal(status, 0, stderr);
    const rows = stdout.split('\n').filter((line) => /^\| (dcm|store|dicom-out|dcmjs)/.test(line));
    // Five senders, two receivers, one association and four.
    const measured = rows.filter((row) => Number(row.split('|')[2]) > 0 && Number(row.split('|')[7]) > 0);
    assert.equal(measured.length, 20, stdout);
    assert.match(
      stdout,
      /\| dicom-out, objects\/s ≥ 1\.5 × dcmsend: SR, 5 KB, sent to storescp --ignore +\| +[\d.]+ \|/,
    );
  });

  it(
    'measures dicom-retrieve beside getscu, and dicom-query beside findscu',
    { skip: needs('dcmtk') },
    () => {
      const options = ['--retrieve', '--rounds', '1', '--scale', '0.02'];
      const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...options], {
        encoding: 'utf8',
      });
      assert.equal(status, 0, stderr);
      const rows = stdout
        .split('\n')
        .filter((line) => /^\| (getscu|dicom-retrieve|findscu|dicom-query)/.test(line));
      assert.equal(rows.length, 10, stdout);
      for (const row of rows) assert.ok(Number(row.split('|')[2]) > 0, row);
    },
  );

  it(
    'measures a shared queue beside one of the machine, and what its database takes',
    { skip: needs('postgres') },
    () => {
      const options = [
        '--only',
        'load,waiting,growth',
        '--instances',
        '1',
        '--rounds',
        '1',
        '--scale',
        '0.005',
      ];
      const shared = join(PACKAGE_DIR, 'dist', 'bench', 'shared.js');
      const { status, stdout, stderr } = spawnSync(process.execPath, [shared, ...options], {
        encoding: 'utf8',
      });
      assert.equal(status, 0, stderr);
      const rows = stdout.split('\n').filter((line) => line.startsWith('| shared, 1 '));
      assert.equal(rows.length, 4, stdout);
      for (const row of rows)
        for (const figure of row.split('|').slice(2, 6)) assert.ok(Number(figure) > 0, row);
      assert.match(stdout, /\| 500 +\| +[\d.]+ \|/, 'waiting');
      assert.match(stdout, /\| 1,000 +\| +\d+ \|/, 'growth');
    },
  );

  it('tells medians and ranges of three runs at least, and how storescp differs from itself', () => {
    const file = join(folder, 'made-up.jsonl');
    const page = join(folder, 'page.md');
    const mark = '<!-- what follows is written by npm run bench -- --write -->';
    writeFileSync(page, `# Prose\n\n${mark}\n\nold\n`);
    const render = (): ReturnType<typeof spawnSync> =>
      spawnSync(process.execPath, [script, '--render', '--results', file, '--page', page], {
        encoding: 'utf8',
      });
    for (const [day, ours, theirs] of [
      [1, 100, 400],
      [2, 300, 200],
    ])
      appendFileSync(file, madeUpRun(day, ours, theirs));
    assert.notEqual(render().status, 0, 'two runs may be chance');
    appendFileSync(file, madeUpRun(3, 200, 200));
    const { status, stderr } = render();
    assert.equal(status, 0, String(stderr));
    const written = readFileSync(page, 'utf8');
    assert.match(written, /^# Prose\n/);
    assert.doesNotMatch(written, /old/);
    assert.match(written, /3 runs: 2026-11-01 .*2026-11-02 .*2026-11-03/);
    assert.match(written, /\| dicom-in, disk +\| +200 \(100–300\) \| +1\.00 \(0\.25–1\.50\) \|/);
    assert.match(written, /\| SR, 1 association \| +200 \| +200–400 \| +2\.00 \|/);
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

/** A line of results: objects/s of this node and of storescp. */
function madeUpRun(day = 0, ours = 0, theirs = 0): string {
  const figures = (perSecond: number): Record<string, number | null> => ({
    ...{ perSecond, megabytesPerSecond: 1, p50: 1, p99: 1, cpuPerObject: 1, peakMB: null, loopP99: null },
  });
  const comparison = {
    ...{ work: 'SR', kind: 'small', associations: 1 },
    figures: [
      ['storescp', figures(theirs)],
      ['dicom-in, disk', figures(ours)],
    ],
  };
  const run = {
    at: `2026-11-0${day}T00:00:00Z`,
    machine: 'one',
    scale: 1,
    comparisons: [comparison],
    curves: {},
  };
  return `${JSON.stringify(run)}\n`;
}
