import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { PACKAGE_DIR } from '../support/package/package-dir';
import { fileAt } from './imports';

/** A name that a file takes from another one. */
export interface Taken {
  from: string;
  name: string;
}

/** The names that a module gives to others, those that it passes on as well. @param file from the root */
export function namesGiven(file: string): string[] {
  const source = parsed(file);
  return source.statements.flatMap((statement) => {
    if (ts.isExportDeclaration(statement)) {
      const { exportClause } = statement;
      if (exportClause === undefined) return namesGiven(sourceOf(file, statement) ?? '');
      return ts.isNamedExports(exportClause) ? exportClause.elements.map(({ name }) => name.text) : [];
    }
    return isExported(statement) ? declaredNames(statement, source) : [];
  });
}

/** What a TypeScript file takes of ours by name; of a namespace, what it asks of it. */
export function namesTaken(file: string): Taken[] {
  const source = parsed(file);
  return source.statements.flatMap((statement) => {
    if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) return [];
    const from = sourceOf(file, statement);
    if (from === undefined) return [];
    return namesIn(statement, source).map((name) => ({ from, name }));
  });
}

function namesIn(statement: ts.ImportDeclaration | ts.ExportDeclaration, source: ts.SourceFile): string[] {
  const bindings = ts.isImportDeclaration(statement)
    ? statement.importClause?.namedBindings
    : statement.exportClause;
  if (bindings === undefined) return [];
  if (ts.isNamedImports(bindings) || ts.isNamedExports(bindings))
    return bindings.elements.map(({ propertyName, name }) => (propertyName ?? name).text);
  const members = new RegExp(`\\b${bindings.name.text}\\.(\\w+)`, 'g');
  return [...source.text.matchAll(members)].map(([, name = '']) => name);
}

function sourceOf(file: string, statement: ts.ImportDeclaration | ts.ExportDeclaration): string | undefined {
  const { moduleSpecifier } = statement;
  if (moduleSpecifier === undefined || !ts.isStringLiteral(moduleSpecifier)) return undefined;
  const { text } = moduleSpecifier;
  return text.startsWith('.') ? fileAt(join(dirname(file), text)) : undefined;
}

function isExported(statement: ts.Statement): boolean {
  const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined;
  return modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true;
}

function declaredNames(statement: ts.Statement, source: ts.SourceFile): string[] {
  if (ts.isVariableStatement(statement))
    return statement.declarationList.declarations.map(({ name }) => name.getText(source));
  const { name } = statement as ts.DeclarationStatement;
  return name === undefined ? [] : [name.getText(source)];
}

function parsed(file: string): ts.SourceFile {
  return ts.createSourceFile(file, readFileSync(join(PACKAGE_DIR, file), 'utf8'), ts.ScriptTarget.Latest);
}
