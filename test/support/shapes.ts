import { createHash } from 'node:crypto';
import { join, relative, sep } from 'node:path';
import * as ts from 'typescript';
import { PACKAGE_DIR } from './user-dir';

/** Where a shape ends: types of Node, and settings, which are the same in all threads of one package. */
const isFollowed = (file: string): boolean =>
  file.startsWith(join(PACKAGE_DIR, 'src') + sep) &&
  !file.startsWith(join(PACKAGE_DIR, 'src', 'settings') + sep);

/**
 * A fingerprint of types: of how they are declared, and all others in `src` that they are made of, without comments.
 * @param types names by file, relative to the package
 */
export function fingerprint(types: Readonly<Record<string, readonly string[]>>): string {
  const files = Object.keys(types).map((file) => join(PACKAGE_DIR, file));
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(join(PACKAGE_DIR, 'tsconfig.base.json'), (path) => ts.sys.readFile(path)).config,
    ts.sys,
    PACKAGE_DIR,
  );
  const program = ts.createProgram(files, {
    ...options,
    composite: false,
    // Their declarations are large, and end a shape.
    noLib: true,
    types: [],
  });
  const texts = new Map<string, string>();
  for (const [file, names] of Object.entries(types)) {
    const source = program.getSourceFile(join(PACKAGE_DIR, file));
    if (source === undefined) throw new Error(`${file} is not there`);
    for (const name of names) collect(declarationIn(source, name), program.getTypeChecker(), texts);
  }
  const all = [...texts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([where, text]) => `${where}\n${text}\n`);
  return createHash('sha256').update(all.join('')).digest('hex').slice(0, 32);
}

function declarationIn(source: ts.SourceFile, name: string): ts.Node {
  const found = source.statements.find(
    (each) => (ts.isInterfaceDeclaration(each) || ts.isTypeAliasDeclaration(each)) && each.name.text === name,
  );
  if (found === undefined) throw new Error(`${source.fileName} has no type ${name}`);
  return found;
}

/** The declaration, and those of all types in it. */
function collect(declaration: ts.Node, checker: ts.TypeChecker, texts: Map<string, string>): void {
  const source = declaration.getSourceFile();
  const text = ts
    .createPrinter({ removeComments: true })
    .printNode(ts.EmitHint.Unspecified, declaration, source)
    .replaceAll(/\s+/g, ' ');
  const key = `${relative(PACKAGE_DIR, source.fileName)} ${text.slice(0, 80)}`;
  if (texts.has(key)) return;
  texts.set(key, text);
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node))
      for (const each of declarationsOf(node, checker)) collect(each, checker, texts);
    ts.forEachChild(node, visit);
  };
  ts.forEachChild(declaration, visit);
}

/** Of types, and of constants whose type is meant by `typeof`. */
function declarationsOf(node: ts.Identifier, checker: ts.TypeChecker): ts.Node[] {
  let symbol = checker.getSymbolAtLocation(node);
  if (symbol !== undefined && (symbol.flags & ts.SymbolFlags.Alias) !== 0)
    symbol = checker.getAliasedSymbol(symbol);
  return (symbol?.declarations ?? []).filter(
    (each) =>
      isFollowed(each.getSourceFile().fileName) &&
      (ts.isInterfaceDeclaration(each) ||
        ts.isTypeAliasDeclaration(each) ||
        (ts.isVariableDeclaration(each) && ts.isTypeQueryNode(node.parent))),
  );
}
