import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { PASSWORD } from '../support/node-red/admin-user';
import { launchBrowser } from './browser';
import { type NodeRed } from '../support/node-red/node-red';
import { PACKAGE_DIR } from '../support/package/package-dir';
import { until } from '../support/machine/until';

const ARTEFACTS = join(PACKAGE_DIR, '.test-artefacts');
/** What does not happen for so long does not happen, also on a busy machine. */
const PATIENCE_MS = 60_000;

export interface EditorOptions {
  theme?: 'light' | 'dark';
  viewport?: { width: number; height: number };
  /** As the user chooses it in the editor's settings. */
  language?: string;
  /** Of a Node-RED with `adminAuth`. */
  user?: string;
}

/** Node-RED's editor in a real browser, with the steps that tests take in it. */
export class EditorPage {
  /** Errors of the page's console, and exceptions. */
  readonly errors: string[] = [];
  /** Addresses that the page asked for on other hosts. */
  readonly foreign: string[] = [];
  /** The type of the node whose dialog is open: the dialog's ids begin with it. */
  private type = '';
  /** Of a configuration node, whose dialog has other ids. */
  private isConfig = false;

  private constructor(
    private readonly browser: Browser,
    readonly page: Page,
    readonly nodeRed: NodeRed,
  ) {
    page.on('console', (message) => {
      if (message.type() === 'error') this.errors.push(message.text());
    });
    page.on('pageerror', (error) => this.errors.push(error.stack ?? String(error)));
    page.on('request', (request) => {
      const url = request.url();
      if (url.startsWith('http') && !url.startsWith(nodeRed.url)) this.foreign.push(url);
    });
  }

  static async open(nodeRed: NodeRed, options: EditorOptions = {}): Promise<EditorPage> {
    const browser = await launchBrowser();
    const page = await browser.newPage({
      viewport: options.viewport ?? { width: 1440, height: 1000 },
      locale: 'en-US',
    });
    // How Node-RED 5 keeps the user's choice of theme in the browser.
    await page.addInitScript(`localStorage.setItem('view-dark-theme', '${options.theme ?? 'light'}')`);
    if (options.language !== undefined) {
      await page.addInitScript(`localStorage.setItem('editor-language', '${options.language}')`);
    }
    page.setDefaultTimeout(PATIENCE_MS);
    const editor = new EditorPage(browser, page, nodeRed);
    await page.goto(nodeRed.url);
    if (options.user !== undefined) await editor.logIn(options.user);
    await editor.loaded();
    return editor;
  }

  /** Loads the editor again, with what is deployed now. */
  async reload(): Promise<void> {
    await this.page.reload();
    await this.loaded();
  }

  private async loaded(): Promise<void> {
    await this.paletteNode('dicom-in').waitFor();
    await this.page.waitForSelector('#red-ui-loading-progress', { state: 'hidden' });
  }

  private async logIn(user: string): Promise<void> {
    await this.page.locator('#node-dialog-login-username').fill(user);
    await this.page.locator('#node-dialog-login-password').fill(PASSWORD);
    await this.page.locator('#node-dialog-login-submit').click();
  }

  /**
   * Waits until the browser has reported the answers that a test has caused, one for each pattern and in their order,
   * and takes them from `errors`: a report may come after what the page shows of the answer.
   */
  async reported(...patterns: RegExp[]): Promise<void> {
    await until(() => this.errors.length >= patterns.length, `${patterns.join(', ')} in the console`);
    const reports = this.errors.splice(0);
    assert.equal(reports.length, patterns.length, reports.join('\n'));
    for (const [index, pattern] of patterns.entries()) assert.match(reports[index] ?? '', pattern);
  }

  close(): Promise<void> {
    return this.browser.close();
  }

  paletteNode(type: string): Locator {
    return this.page.locator(`.red-ui-palette-node[data-palette-type="${type}"]`);
  }

  /** Drags a node from the palette into the workspace and gives its id. */
  async addFromPalette(type: string): Promise<string> {
    const entry = this.paletteNode(type);
    await entry.scrollIntoViewIfNeeded();
    const from = await entry.boundingBox();
    const to = await this.page.locator('#red-ui-workspace-chart').boundingBox();
    if (from === null || to === null) throw new Error('palette or workspace is not visible');
    await this.page.mouse.move(from.x + 40, from.y + 10);
    await this.page.mouse.down();
    await this.page.mouse.move(to.x + 200, to.y + 150, { steps: 8 });
    await this.page.mouse.move(to.x + 220, to.y + 160, { steps: 2 });
    await this.page.mouse.up();
    const node = this.page.locator('g.red-ui-flow-node-selected, g.red-ui-flow-node.selected').first();
    await node.waitFor();
    return this.page.evaluate<string>('RED.view.selection().nodes[0].id');
  }

  async openDialog(id: string): Promise<void> {
    [this.type, this.isConfig] = await this.node<[string, boolean]>(
      id,
      "[node.type, node._def.category === 'config']",
    );
    const [type, quoted] = [JSON.stringify(this.type), JSON.stringify(id)];
    await this.page.evaluate(
      this.isConfig
        ? `RED.editor.editConfig('', ${type}, ${quoted})`
        : `RED.editor.edit(RED.nodes.node(${quoted}))`,
    );
    await this.dialog().waitFor();
    // The tray slides in; a trial click waits until the button stands still.
    await this.button('ok').click({ trial: true });
    // A moment later Node-RED gives the focus to the first input, from whatever had it by then.
    await this.page.waitForFunction(
      `$('.red-ui-tray-body :focusable').length === 0 || document.activeElement.closest('.red-ui-tray') !== null`,
    );
  }

  dialog(): Locator {
    return this.page.locator(`#${this.type}-dialog`);
  }

  input(field: string): Locator {
    return this.page.locator(`#node-${this.isConfig ? 'config-' : ''}input-${field}`);
  }

  private button(name: 'ok' | 'cancel'): Locator {
    return this.page.locator(`#node-${this.isConfig ? 'config-' : ''}dialog-${name}`);
  }

  /** The inputs of a setting that is a list. */
  entries(field: string): Locator {
    return this.page.locator(`#${this.type}-list-${field} li input`);
  }

  /** Enters comma text into a list that holds anything. */
  private async enterList(field: string, value: string): Promise<void> {
    const entries = this.entries(field);
    while ((await entries.count()) > 1)
      await this.page.locator(`#${this.type}-list-${field} li button`).last().click();
    await entries.fill(value);
  }

  /** What stands under a field, apart from its hint. */
  remarks(field: string): Promise<string> {
    return this.page.locator(`#${this.type}-remarks-${field}`).innerText();
  }

  async showTab(tab: string): Promise<void> {
    await this.page.locator(`#${this.type}-tab-${tab}`).click();
    await this.page.locator(`#${this.type}-panel-${tab}`).waitFor({ state: 'visible' });
  }

  /** Enters a value as a user does: typing, choosing or ticking. */
  async enter(field: string, value: string | boolean): Promise<void> {
    const input = this.input(field);
    await this.showTabOf(input);
    if (typeof value === 'boolean') await input.setChecked(value);
    else if ((await this.entries(field).count()) > 0) await this.enterList(field, value);
    else if ((await input.evaluate((element: { tagName: string }) => element.tagName)) === 'SELECT') {
      await input.selectOption(value);
    } else {
      await input.fill(value);
      await input.dispatchEvent('change');
    }
  }

  private async showTabOf(input: Locator): Promise<void> {
    const panel = input.locator('xpath=ancestor::*[contains(@class, "dicom-panel")]');
    // Not every dialog has tabs.
    if ((await panel.count()) === 0 || (await panel.isVisible())) return;
    const id = (await panel.getAttribute('id')) ?? '';
    await this.showTab(id.replace(`${this.type}-panel-`, ''));
  }

  /** Drops a file on an element, as from the desktop. */
  async drop(selector: string, name: string, content: string | Buffer): Promise<void> {
    const bytes = [...Buffer.from(content)];
    await this.page.evaluate(`(() => {
      const data = new DataTransfer();
      data.items.add(new File([Uint8Array.from(${JSON.stringify(bytes)})], ${JSON.stringify(name)}));
      const drop = new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true });
      document.querySelector(${JSON.stringify(selector)}).dispatchEvent(drop);
    })()`);
  }

  /** Presses a node's button in the workspace. */
  async pressButton(id: string): Promise<void> {
    await this.page.locator(`[id="${id}"] .red-ui-flow-node-button-button`).click();
  }

  /** Waits for a notification, and closes it. */
  async notification(words: RegExp): Promise<void> {
    const shown = this.page.locator('.red-ui-notification', { hasText: words });
    await shown.waitFor();
    await shown.click();
    await shown.waitFor({ state: 'detached' });
  }

  async done(): Promise<void> {
    await this.button('ok').click();
    await this.dialog().waitFor({ state: 'detached' });
  }

  async cancel(): Promise<void> {
    await this.button('cancel').click();
    await this.dialog().waitFor({ state: 'detached' });
  }

  /** Presses the Deploy button and waits for the server's answer. */
  async deploy(): Promise<void> {
    const answered = this.page.waitForResponse(
      (response) => response.url().endsWith('/flows') && response.request().method() === 'POST',
    );
    await this.page.locator('#red-ui-header-button-deploy').click();
    const response = await answered;
    if (!response.ok()) throw new Error(`deploy: HTTP ${response.status()}`);
  }

  /** Evaluates an expression on the editor's node. */
  node<Result>(id: string, expression: string): Promise<Result> {
    return this.page.evaluate<Result>(`((node) => ${expression})(RED.nodes.node(${JSON.stringify(id)}))`);
  }

  async screenshot(name: string): Promise<string> {
    mkdirSync(ARTEFACTS, { recursive: true });
    const version = await this.page.evaluate<string>('RED.settings.version');
    const path = join(ARTEFACTS, `${name}-node-red-${version.split('.')[0]}.png`);
    await this.page.screenshot({ path });
    return path;
  }
}
