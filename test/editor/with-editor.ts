import { after, before } from 'node:test';
import { nodeRedMajor, startNodeRed, type NodeRed, type NodeRedOptions } from '../support/node-red/node-red';
import { EditorPage, type EditorOptions } from './editor-page';

/** Those that the editor has: Node-RED 4 has no dark one. */
export const THEMES: readonly ('light' | 'dark')[] = nodeRedMajor() < 5 ? ['light'] : ['light', 'dark'];

/** A Node-RED and how its editor is opened. */
export interface EditorSetup extends NodeRedOptions, EditorOptions {
  /** Runs once Node-RED has started, before the editor is opened. */
  started?: (nodeRed: NodeRed) => Promise<unknown>;
}

/** Runs `use` in the editor of a Node-RED of its own; both are ended however that ends. */
export async function withEditor<Result>(
  setup: EditorSetup,
  use: (editor: EditorPage) => Promise<Result>,
): Promise<Result> {
  const opened = new OpenedEditor();
  try {
    return await use(await opened.open(setup));
  } finally {
    await opened.close();
  }
}

/**
 * One editor for all tests of a suite: call it in `describe`, after the hooks that its setup needs and before those that
 * end what its flows use.
 *
 * @param ready is given the editor before the first test
 */
export function editorForSuite(
  setup: EditorSetup | (() => EditorSetup),
  ready: (editor: EditorPage) => void | Promise<void>,
): void {
  const opened = new OpenedEditor();
  before(async () => ready(await opened.open(typeof setup === 'function' ? setup() : setup)));
  after(() => opened.close());
}

/** As far as it came: closed are the parts that are there. */
class OpenedEditor {
  private nodeRed: NodeRed | undefined;
  private editor: EditorPage | undefined;

  async open(setup: EditorSetup): Promise<EditorPage> {
    this.nodeRed = await startNodeRed(setup);
    await setup.started?.(this.nodeRed);
    this.editor = await EditorPage.open(this.nodeRed, setup);
    return this.editor;
  }

  async close(): Promise<void> {
    await this.editor?.close();
    await this.nodeRed?.stop();
  }
}
