import type { NodeAPI } from 'node-red';
import { checkPattern, type Match, Patterns, PatternError, patternOf } from '../../../src/edit';

type Expression = ReturnType<NodeAPI['util']['prepareJSONataExpression']>;

/** That an expression may take for one message, without what others do meanwhile. */
const MOST_MILLISECONDS = 5_000;
/** Then others on this thread have their turn. */
const TURN_MS = 20;
/** Steps within each other: each holds memory until it is done. */
const DEEPEST = 10_000;
/** Characters that all its steps may make, garbage or not; a member of an array counts as a few. */
const MOST_MADE = 256 * 1024 * 1024;
const MEMBER = 8;
/** Steps that make something; others give what is there. `[` is an array, `&` joins text. */
const MAKING: ReadonlySet<unknown> = new Set(['function', 'unary', 'binary']);

/** What JSONata calls before a step, and behind it: older versions know it by a text, newer ones by a symbol. */
const HOOKS = { enter: '__evaluate_entry', leave: '__evaluate_exit' } as const;
/** Names that no author of an expression takes. */
const BOUNDS = 'dicom-edit-bounds';
const PATTERN = 'dicom-edit-pattern-';

/** Of JSONata: what names mean at this point of an expression. */
interface Environment {
  lookup(name: string): unknown;
}

/** As far as it is looked at. */
interface SyntaxNode {
  type?: unknown;
  value?: unknown;
}

/**
 * An expression that ends, whatever a message says, and lets others work meanwhile. Its patterns are searched for in linear
 * time, except those that only a backtracking engine knows: with references to groups, or looking around.
 * @param expression a prepared one, which is changed
 */
export function boundedExpression(expression: Expression): Expression {
  const patterns = takePatterns(expression.ast());
  for (const [step, name] of Object.entries(HOOKS) as [keyof typeof HOOKS, string][]) {
    const hook = (
      node: SyntaxNode,
      _input: unknown,
      environment: Environment,
      result?: unknown,
    ): Promise<void> | undefined => (environment.lookup(BOUNDS) as Bounds | undefined)?.[step](node, result);
    for (const each of [name, Symbol.for(`jsonata.${name}`)]) expression.assign(each as string, hook);
  }
  // As Node-RED calls it.
  const evaluate = (input: unknown, bindings: Record<string, unknown>): Promise<unknown> => {
    const bounds = new Bounds();
    const own: Record<string, unknown> = { [BOUNDS]: bounds };
    patterns.forEach((pattern, index) => (own[PATTERN + index] = bounds.matcher(pattern)));
    return expression.evaluate(input, { ...bindings, ...own });
  };
  return Object.assign(Object.create(expression) as Expression, { evaluate });
}

/** Puts variables in the places of patterns, and returns these. */
function takePatterns(root: unknown): string[] {
  const patterns: string[] = [];
  const seen = new Set<object>();
  const open = [root];
  while (open.length > 0) {
    const node = open.pop();
    if (typeof node !== 'object' || node === null || node instanceof RegExp || seen.has(node)) continue;
    seen.add(node);
    const syntax: SyntaxNode = node;
    const pattern = syntax.type === 'regex' ? linear(syntax.value) : undefined;
    if (pattern === undefined) open.push(...(Object.values(node) as unknown[]));
    else Object.assign(syntax, { type: 'variable', value: `${PATTERN}${patterns.push(pattern) - 1}` });
  }
  return patterns;
}

/** Undefined: no linear engine knows it. */
function linear(value: unknown): string | undefined {
  if (!(value instanceof RegExp)) return undefined;
  try {
    const pattern = patternOf(value);
    checkPattern(pattern);
    return pattern;
  } catch (error) {
    if (error instanceof PatternError) return undefined;
    throw error;
  }
}

/** A match, as functions of JSONata have it. */
interface Found extends Match {
  next(this: void): Found | undefined;
}

/** Of one evaluation. */
class Bounds {
  private readonly patterns = new Patterns();
  private milliseconds = 0;
  private since = performance.now();
  private depth = 0;
  private made = 0;

  /** Before each step. */
  enter(): Promise<void> | undefined {
    this.depth += 1;
    if (this.depth > DEEPEST) throw new Error('the expression calls itself too often');
    const turn = performance.now() - this.since;
    if (turn < TURN_MS) return undefined;
    this.milliseconds += turn;
    if (this.milliseconds > MOST_MILLISECONDS)
      throw new Error(`the expression takes longer than ${MOST_MILLISECONDS / 1_000} s`);
    return new Promise((resolve) =>
      setImmediate(() => {
        this.since = performance.now();
        resolve();
      }),
    );
  }

  /** Behind it. */
  leave({ type }: SyntaxNode, result: unknown): undefined {
    this.depth -= 1;
    if (!MAKING.has(type)) return;
    if (typeof result === 'string') this.made += result.length;
    else if (Array.isArray(result)) this.made += result.length * MEMBER;
    if (this.made > MOST_MADE) throw new Error('the expression makes more than 256 million characters');
  }

  /** What JSONata takes for a pattern. */
  matcher(pattern: string): (text: string) => Found | undefined {
    return (text) => {
      const matches = this.patterns.matches(pattern, text);
      const next = (): Found | undefined => {
        const { value, done } = matches.next();
        return done === true ? undefined : { ...value, next };
      };
      return next();
    };
  }
}
