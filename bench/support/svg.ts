import type { Curve } from './curve';

const WIDTH = 720;
const HEIGHT = 320;
const MARGIN = { left: 70, right: 40, top: 50, bottom: 55 };
const INK = '#444';
const LINE = '#1f6fb2';

/** A curve as SVG: what grows in powers of ten, the cost from zero up. Readable on light and dark pages. */
export function curveSvg({ title, x, y, points }: Curve): string {
  const xs = points.map((point) => Math.log10(point.x));
  const [first = 0, last = 1] = [xs[0], xs.at(-1)];
  const most = niceCeiling(Math.max(...points.map(({ cost }) => cost)) * 1.3);
  const across = (value: number): number =>
    MARGIN.left + ((value - first) / (last - first || 1)) * (WIDTH - MARGIN.left - MARGIN.right);
  const up = (value: number): number =>
    HEIGHT - MARGIN.bottom - (value / most) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  const path = points.map(({ cost }, index) => `${at(across(xs[index] ?? 0))},${at(up(cost))}`).join(' ');
  const marks = points.flatMap(({ cost, label }, index) => {
    const [left, top] = [at(across(xs[index] ?? 0)), at(up(cost))];
    return [
      `<circle cx="${left}" cy="${top}" r="4" fill="${LINE}"/>`,
      text(left, Number(top) - 10, cost.toPrecision(2), 'middle'),
      text(left, HEIGHT - MARGIN.bottom + 18, label, 'middle'),
    ];
  });
  const grid = [0, 0.25, 0.5, 0.75, 1].flatMap((part) => {
    const top = at(up(part * most));
    return [
      `<line x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${top}" y2="${top}" stroke="#ccc" stroke-width="1"/>`,
      text(MARGIN.left - 8, Number(top) + 4, String(Number((part * most).toPrecision(3))), 'end'),
    ];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    `<text x="${MARGIN.left}" y="22" font-size="15" fill="${INK}">${title}</text>`,
    `<text x="${MARGIN.left}" y="40" fill="${INK}">${y}</text>`,
    ...grid,
    `<polyline points="${path}" fill="none" stroke="${LINE}" stroke-width="2"/>`,
    ...marks,
    text((WIDTH + MARGIN.left) / 2, HEIGHT - 12, x, 'middle'),
    '</svg>',
    '',
  ].join('\n');
}

function text(left: number | string, top: number, words: string, anchor: string): string {
  return `<text x="${left}" y="${at(top)}" text-anchor="${anchor}" fill="${INK}">${words}</text>`;
}

const at = (value: number): string => value.toFixed(1);

/** 1, 2 or 5 times a power of ten. */
function niceCeiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5, 10].find((step) => step * power >= value) ?? 10) * power;
}
