// The rules of the flow library's scorecard (node-red-dev 0.1.6) that a package's own files can be held against, each by
// its code there. Its other rules compare with the catalogue of all packages (P08, N01) or with the registry (D03).
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import semver from 'semver';
import ts from 'typescript';

/** node-red-dev: the 95th percentile of all packages in 2021. */
const MAX_DEPENDENCIES = 6;
/** node-red-dev's badpackages.json. */
const BAD_PACKAGES = { 'agent-base': '<6.0.0' };
/** The latest one when this was written, and the Node.js that it asks for. */
const NODE_RED = { version: '5.0.7', node: '>=22.9' };
/** What the flow library reads from a node's html: it must stand there as it is. */
const INLINE = ['category', 'color', 'icon', 'inputs', 'outputs'];

/**
 * @param folder of a built package
 * @returns what was found, rule by rule: without `problem` it is kept
 */
export function localRules(folder) {
  const json = (...path) => JSON.parse(readFileSync(join(folder, ...path), 'utf8'));
  const manifest = json('package.json');
  const definitions = Object.values(manifest['node-red']?.nodes ?? {}).map((file) =>
    nodeDefinitions(readFileSync(join(folder, file.replace(/\.js$/, '.html')), 'utf8')),
  );
  const types = definitions.flatMap(({ types }) => types);
  const rules = [
    ['P01', 'has a license', manifest.license ? '' : 'license is missing'],
    ['P03', 'has repository or bugs', manifest.repository || manifest.bugs ? '' : 'both are missing'],
    ['P04', 'is named as it may be', namingProblem(manifest.name)],
    ['P05', 'has the keyword node-red', manifest.keywords?.includes('node-red') ? '' : 'keyword is missing'],
    ['P06', 'suits the latest Node-RED', versionProblem(manifest)],
    ['P07', 'suits the oldest Node.js of that', engineProblem(manifest)],
    ['N01', 'has node types of its own', duplicates(types)],
    ['N02', 'has an example with each node', exampleProblem(join(folder, 'examples'), types)],
    ['HTML', 'registers its nodes with literals', definitions.flatMap(({ problems }) => problems).join('; ')],
    ['D01', `has at most ${MAX_DEPENDENCIES} dependencies`, dependencyProblem(manifest)],
    ['D02', 'installs no incompatible package', badPackages(json('package-lock.json'))],
  ];
  return rules.map(([code, rule, problem]) => ({ code, rule, ...(problem !== '' && { problem }) }));
}

function namingProblem(name) {
  const isScoped = /^@[a-z\d][\w.-]+\/[a-z\d][\w.-]*$/.test(name);
  return isScoped || !/^(node-red|nodered)(?!-contrib-)/i.test(name)
    ? ''
    : `${name} is not node-red-contrib-…`;
}

function versionProblem(manifest) {
  const range = manifest['node-red']?.version;
  if (range === undefined) return 'node-red.version is missing';
  return semver.satisfies(NODE_RED.version, range) ? '' : `${range} shuts out ${NODE_RED.version}`;
}

function engineProblem(manifest) {
  const range = manifest.engines?.node;
  if (range === undefined) return 'engines.node is missing';
  const oldest = semver.minVersion(NODE_RED.node);
  return semver.satisfies(oldest, range) ? '' : `${range} shuts out ${oldest}`;
}

function duplicates(types) {
  return types.filter((type, index) => types.indexOf(type) !== index).join(', ');
}

function exampleProblem(folder, types) {
  if (!existsSync(folder)) return 'there are no examples';
  const used = new Set(
    readdirSync(folder, { recursive: true })
      .filter((file) => file.endsWith('.json'))
      .flatMap((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')).map(({ type }) => type)),
  );
  const missing = types.filter((type) => !used.has(type));
  return missing.length === 0 ? '' : `none with ${missing.join(', ')}`;
}

function dependencyProblem(manifest) {
  const number = Object.keys(manifest.dependencies ?? {}).length;
  return number <= MAX_DEPENDENCIES ? '' : `there are ${number}`;
}

/** Among what is installed with the package, at any depth. */
function badPackages(lock) {
  return Object.entries(lock.packages)
    .filter(([path, { dev }]) => path !== '' && !dev)
    .map(([path, { version }]) => [path.split('node_modules/').at(-1), version])
    .filter(([name, version]) => name in BAD_PACKAGES && semver.satisfies(version, BAD_PACKAGES[name]))
    .map(([name, version]) => `${name}@${version}`)
    .join(', ');
}

/** Types that a node's html registers, and what in it is not as the flow library reads it. */
function nodeDefinitions(html) {
  const types = [];
  const problems = [];
  for (const [, code] of html.matchAll(/<script.+?type=['"]text\/javascript['"].*?>([^]*?)<\/script>/gi)) {
    const visit = (node) => {
      if (ts.isCallExpression(node) && node.expression.name?.text === 'registerType') {
        const [type, definition] = node.arguments;
        if (!ts.isStringLiteral(type) || !ts.isObjectLiteralExpression(definition)) {
          problems.push('registerType has arguments that are not literals');
        } else {
          types.push(type.text);
          problems.push(...notInline(definition).map((name) => `${type.text}: ${name} is not a literal`));
        }
      }
      ts.forEachChild(node, visit);
    };
    visit(ts.createSourceFile('node.js', code, ts.ScriptTarget.Latest));
  }
  if (types.length === 0 && problems.length === 0) problems.push('no node is registered');
  return { types, problems };
}

function notInline(definition) {
  const value = (name) => definition.properties.find((property) => property.name?.text === name)?.initializer;
  const defaults = value('defaults');
  return [
    ...(defaults !== undefined && !ts.isObjectLiteralExpression(defaults) ? ['defaults'] : []),
    ...INLINE.filter((name) => {
      const given = value(name);
      return given !== undefined && !ts.isStringLiteral(given) && !ts.isNumericLiteral(given);
    }),
  ];
}
