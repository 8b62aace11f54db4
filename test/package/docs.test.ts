import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { NODE_TYPES } from '../support/package/node-types';
import { PACKAGE_DIR } from '../support/package/package-dir';

const read = (path: string): string => readFileSync(join(PACKAGE_DIR, path), 'utf8');
const isThere = (path: string): boolean => existsSync(join(PACKAGE_DIR, decodeURI(path)));

const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'NOTICE',
  ...readdirSync(join(PACKAGE_DIR, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];
const HELPS = NODE_TYPES.flatMap((type) =>
  readdirSync(join(PACKAGE_DIR, 'nodes', type, 'locales')).map(
    (language) => `nodes/${type}/locales/${language}/${type}.html`,
  ),
);

/** What stands for a name, and what the bench writes. */
const NO_FILE = /[A-Z]{4}|\*|^bench\/results\//;

/** Paths of the repository that a page names. */
function named(page: string): string[] {
  const paths = read(page).matchAll(/`((?:src|nodes|test|scripts|bench|docs|examples|icons)\/[\w./*-]+)`/g);
  return [...paths].map(([, path = '']) => path).filter((path) => !NO_FILE.test(path));
}

/** Pages and headings of the repository that a page links to. */
function linked(page: string): { path: string; heading: string | undefined }[] {
  const text = read(page);
  const ours = [...text.matchAll(/\/blob\/main\/([^)#\s]+)(?:#([^)\s]+))?\)/g)];
  const relative = [...text.matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)];
  return [
    ...ours.map(([, path = '', heading]) => ({ path, heading })),
    ...relative.map(([, path = '', heading]) => ({
      path: path === '' ? page : join(dirname(page), path),
      heading,
    })),
  ];
}

/** As GitHub makes them. */
function anchors(page: string): string[] {
  const headings = read(page)
    .replace(/```[\s\S]*?```/g, '')
    .matchAll(/^#+ (.*)$/gm);
  return [...headings].map(([, words = '']) =>
    words
      .trim()
      .toLowerCase()
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  );
}

describe('a page', () => {
  it('names files that are there', () => {
    assert.ok(named('CONTRIBUTING.md').length > 30, 'its tables name files');
    const missing = PAGES.flatMap((page) => named(page).filter((path) => !isThere(path)));
    assert.deepEqual(missing, []);
  });

  it('or a help links to pages and headings that are there', () => {
    const links = [...PAGES, ...HELPS].flatMap((page) => linked(page).map((link) => ({ page, ...link })));
    assert.ok(links.length > 100);
    assert.deepEqual(
      links.filter(({ path }) => !isThere(path)),
      [],
    );
    assert.deepEqual(
      links.filter(
        ({ path, heading }) => heading !== undefined && !anchors(path).includes(decodeURI(heading)),
      ),
      [],
    );
  });
});
