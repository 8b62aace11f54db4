import { createHash } from 'node:crypto';
import { join, sep } from 'node:path';
import * as ts from 'typescript';
import { PACKAGE_DIR } from '../support/package/package-dir';

/** Of types that are written down without a name. */
const NAMELESS: readonly string[] = ['__type', '__object', '__function'];

type TypesByFile = Readonly<Record<string, readonly string[]>>;

/** A fingerprint of types, as `shapesOf` tells them apart. @param types names by file, relative to the package */
export function fingerprint(types: TypesByFile): string {
  const shapes = shapesOf(types, PACKAGE_DIR);
  return hash(
    [...shapes]
      .map(([name, shape]) => `${name} ${shape}`)
      .sort()
      .join('\n'),
  );
}

/**
 * The shapes of types, which are equal where the same values have them, however they are declared. A shape ends at types of Node, which
 * have their names, and at settings, of which only the names count: they are the same in all threads of one package.
 * @param types names by file
 * @param root against which paths are, and in which `src` is
 * @returns by file and name
 */
export function shapesOf(types: TypesByFile, root: string): Map<string, string> {
  const files = Object.keys(types).map((file) => join(root, file));
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(join(PACKAGE_DIR, 'tsconfig.base.json'), (path) => ts.sys.readFile(path)).config,
    ts.sys,
    PACKAGE_DIR,
  );
  const program = ts.createProgram(files, { ...options, composite: false });
  const shapes = new Shapes(program.getTypeChecker(), join(root, 'src') + sep);
  const found = new Map<string, string>();
  for (const [file, names] of Object.entries(types)) {
    const source = program.getSourceFile(join(root, file));
    if (source === undefined) throw new Error(`${file} is not there`);
    for (const name of names) found.set(`${file} ${name}`, shapes.of(declarationIn(source, name)));
  }
  return found;
}

function declarationIn(source: ts.SourceFile, name: string): ts.Declaration {
  const found = source.statements
    .filter((each) => ts.isInterfaceDeclaration(each) || ts.isTypeAliasDeclaration(each))
    .find((each) => each.name.text === name);
  if (found === undefined) throw new Error(`${source.fileName} has no type ${name}`);
  return found;
}

const hash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);

/** Types as texts that are equal where the same values have them. */
class Shapes {
  private readonly known = new Map<ts.Type, string>();
  /** Those that are being written, from the outermost. */
  private readonly within: ts.Type[] = [];

  constructor(
    private readonly checker: ts.TypeChecker,
    /** The folder of types that are ours. */
    private readonly ours: string,
  ) {}

  of(declaration: ts.Declaration): string {
    return this.shape(this.checker.getTypeAtLocation(declaration));
  }

  private shape(type: ts.Type): string {
    if (type.isUnion())
      return type.types
        .map((each) => this.shape(each))
        .sort()
        .join(' | ');
    if ((type.flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection)) === 0)
      return this.checker.typeToString(type);
    const known = this.known.get(type);
    if (known !== undefined) return known;
    const at = this.within.lastIndexOf(type);
    if (at >= 0) return `^${this.within.length - at}`;
    this.within.push(type);
    const shape = this.nameOf(type) ?? hash(this.members(type));
    this.within.pop();
    this.known.set(type, shape);
    return shape;
  }

  /** Of a type that is not ours: its name, with what it is made of. */
  private nameOf(type: ts.Type): string | undefined {
    const { symbol } = type as { symbol?: ts.Symbol };
    const parts = this.partsOf(type);
    if (this.checker.isTupleType(type)) return `[${parts.join(', ')}]`;
    if (symbol === undefined || NAMELESS.includes(symbol.name)) return undefined;
    if (symbol.declarations?.some((each) => isIn(each, this.ours)) === true) return undefined;
    return `${symbol.name}<${parts.join(', ')}>`;
  }

  /** Arguments of a generic type. */
  private partsOf(type: ts.Type): string[] {
    const isReference = ((type as ts.ObjectType).objectFlags & ts.ObjectFlags.Reference) !== 0;
    if (!isReference) return [];
    return this.checker.getTypeArguments(type as ts.TypeReference).map((each) => this.shape(each));
  }

  private members(type: ts.Type): string {
    const { checker } = this;
    const properties = checker.getPropertiesOfType(type).map((property) => {
      const isOptional = (property.flags & ts.SymbolFlags.Optional) !== 0;
      const isSetting =
        property.declarations?.some((each) => isIn(each, join(this.ours, 'settings') + sep)) === true;
      const shape = isSetting ? 'setting' : this.shape(checker.getTypeOfSymbol(property));
      return `${property.name}${isOptional ? '?' : ''}: ${shape}`;
    });
    const indices = checker
      .getIndexInfosOfType(type)
      .map((index) => `[${this.shape(index.keyType)}]: ${this.shape(index.type)}`);
    const calls = type.getCallSignatures().map((signature) => {
      const parameters = signature.parameters.map((each) => this.shape(checker.getTypeOfSymbol(each)));
      return `(${parameters.join(', ')}) => ${this.shape(signature.getReturnType())}`;
    });
    return [...properties.sort(), ...indices, ...calls].join('; ');
  }
}

function isIn(declaration: ts.Declaration, folder: string): boolean {
  return join(declaration.getSourceFile().fileName).startsWith(folder);
}
