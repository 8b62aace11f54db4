import { readRules, type EditRule } from '../../../src/settings';
import { request, type EditorNode } from '../../editor';

const PAUSE_MS = 300;
/** Of other contents of the dialog, and of other nodes. */
const MOST_KEPT = 200;

/** What is wrong with a rule, by its key in the catalogue or in English; null: nothing. */
type Problem = { text: string; key?: string; values?: Record<string, string> } | null;
type Problems = readonly Problem[];

/**
 * What the runtime says of rules: it has the dictionary, and checks them as it does when it applies them. It is asked once for
 * the same rules. Where it does not answer, nothing is said.
 */
export class RuleProblems {
  private readonly known = new Map<string, Problems>();
  private readonly asked = new Set<string>();
  private timer: number | undefined;

  /** @param answered called when more is known */
  constructor(private readonly answered: () => void) {}

  /** @param rules as the node or the dialog has them. Undefined: it is not known yet */
  of(rules: unknown): Problems | undefined {
    return this.known.get(keyOf(readRules(rules)));
  }

  /** Asks for those of the open dialog, when nothing more has been entered for a moment. */
  askSoon(rules: unknown): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.ask(readRules(rules)), PAUSE_MS);
  }

  /** Asks for those of a node that is not known, and validates it again. */
  askFor(node: EditorNode, rules: unknown): void {
    void this.ask(readRules(rules)).then((isNew) => {
      if (isNew && RED.nodes.node(node.id) === node) RED.editor.validateNode(node);
    });
  }

  private async ask(rules: readonly EditRule[]): Promise<boolean> {
    const key = keyOf(rules);
    if (this.known.has(key) || this.asked.has(key)) return false;
    this.asked.add(key);
    try {
      const { problems } = (await request('POST', 'dicom-edit/check', { rules })) as { problems: Problems };
      if (this.known.size >= MOST_KEPT) this.known.clear();
      this.known.set(key, problems);
      this.answered();
      return true;
    } catch {
      // Who may not ask, or whose Node-RED is away, hears of it in other places.
      return false;
    } finally {
      this.asked.delete(key);
    }
  }
}

const keyOf = (rules: readonly EditRule[]): string => JSON.stringify(rules);
