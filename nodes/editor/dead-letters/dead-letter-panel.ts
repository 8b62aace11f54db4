import type { DeadLetter, DeadLetterPage } from '../../../src/admin-api';
import type { EditorNode } from '../red';
import { reasonOf, RequestFailed, runningNode } from '../requests';
import type { Texts } from '../texts';
import {
  applyToDeadLetter,
  listDeadLetters,
  listFurtherDeadLetters,
  type DeadLetterAction,
  type LetterOwner,
} from './dead-letter-requests';
import { deadLetterFacts } from './dead-letter-facts';

/** Letters shown at a time; "all" still means all. */
const ROWS = 50;

/**
 * The panel of objects that could not be delivered or sent, where the html has `<form-part name="dead-letters">`; undefined for a
 * node that does not run.
 * @param keepsObjects whether a node that runs with these properties has a place for them
 */
export function deadLetterPanel(
  node: EditorNode,
  texts: Texts,
  keepsObjects: (running: EditorNode) => boolean = () => true,
): DeadLetterPanel | undefined {
  const element = $(`#${texts.type}-dead-letters`);
  const running = runningNode(node);
  const hasLetters = running !== undefined && keepsObjects(running);
  element.toggle(hasLetters);
  return hasLetters ? new DeadLetterPanel(element, { type: texts.type, id: node.id }, texts) : undefined;
}

const NO_LETTERS: DeadLetterPage = { deadLetters: [], total: 0 };

/**
 * Shows dead letters, requeues and discards them. Why and when come from files that anybody may have written: they go
 * into the page as text, and not through the catalogue, which would look for more keys in them.
 */
class DeadLetterPanel {
  private page = NO_LETTERS;
  private rows = ROWS;

  /** @param element kept, so that a late answer never ends up in the dialog of another node */
  constructor(
    private readonly element: JQuery,
    private readonly owner: LetterOwner,
    private readonly texts: Texts,
  ) {
    this.part('requeue-all').on('click', () => void this.withAll((all) => this.apply('requeue', all)));
    this.part('discard-all').on('click', () => void this.withAll((all) => this.discard(all)));
    this.part('show-more').on('click', () => void this.showMore());
    this.show(NO_LETTERS);
  }

  async refresh(): Promise<void> {
    try {
      this.show(await listDeadLetters(this.owner));
      this.part('problem').text('');
    } catch (error) {
      this.show(NO_LETTERS);
      this.showProblem(error);
    }
  }

  private async showMore(): Promise<void> {
    this.rows += ROWS;
    const first = this.page.deadLetters.length < this.rows ? await this.all() : this.page.deadLetters;
    if (first === undefined) return;
    this.show({ ...this.page, deadLetters: first });
    // The first of those that are new.
    this.part('list')
      .children()
      .eq(this.rows - ROWS)
      .find('button')
      .first()
      .trigger('focus');
  }

  private async withAll(act: (letters: readonly DeadLetter[]) => Promise<void>): Promise<void> {
    const all = await this.all();
    if (all !== undefined) await act(all);
  }

  /** Those that are known, and those of the pages behind them; undefined: they cannot be had, and that is shown. */
  private async all(): Promise<DeadLetter[] | undefined> {
    const { deadLetters, next } = this.page;
    try {
      const all = [...deadLetters, ...(await listFurtherDeadLetters(this.owner, next))];
      this.page = { deadLetters: all, total: all.length };
      return all;
    } catch (error) {
      this.showProblem(error);
      return undefined;
    }
  }

  private async apply(action: DeadLetterAction, letters: readonly DeadLetter[]): Promise<void> {
    const hadFocus = this.element.has(':focus').length > 0;
    this.element.find('button').prop('disabled', true);
    let problem: unknown;
    try {
      for (const { id } of letters) await applyToDeadLetter(this.owner, id, action);
    } catch (error) {
      problem = error;
    }
    await this.refresh();
    if (problem !== undefined) this.showProblem(problem);
    // The button that had the focus is gone.
    if (hadFocus) this.part('heading').trigger('focus');
  }

  private async discard(letters: readonly DeadLetter[]): Promise<void> {
    const { activeElement } = document;
    const confirmed = await confirmDiscard(letters.length, this.texts);
    if (activeElement instanceof HTMLElement) activeElement.focus();
    if (confirmed) await this.apply('discard', letters);
  }

  private show(page: DeadLetterPage): void {
    this.page = page;
    const { deadLetters, total } = page;
    if (total === 0) this.rows = ROWS;
    const shown = deadLetters.slice(0, this.rows);
    const further = total - shown.length;
    this.part('heading').text(this.texts.text('deadLetters.heading', { number: total }));
    this.part('filled').toggle(total > 0);
    this.part('all').toggle(total > 1);
    this.part('list')
      .empty()
      .append(shown.map((letter) => this.row(letter)));
    this.part('more').text(further > 0 ? this.texts.text('deadLetters.more', { number: further }) : '');
    this.part('show-more').toggle(further > 0);
  }

  private row(letter: DeadLetter): JQuery {
    const { id, why } = letter;
    const facts = deadLetterFacts(letter, this.texts).map((fact) => $('<span>').text(fact));
    const what = $('<div>').append(
      $('<div class="dicom-row-words">').text(why),
      $('<div class="dicom-facts">').append(facts),
    );
    const requeue = button(
      this.texts.text('deadLetters.requeue'),
      id,
      () => void this.apply('requeue', [letter]),
    );
    const discard = button(this.texts.text('deadLetters.discard'), id, () => void this.discard([letter]));
    return $('<li>').append(what, $('<div class="dicom-row-buttons">').append(requeue, discard));
  }

  private showProblem(error: unknown): void {
    const isGone = error instanceof RequestFailed && [404, 503].includes(error.status);
    this.part('problem').text(
      isGone
        ? this.texts.text('deadLetters.notRunning')
        : `${this.texts.text('deadLetters.failed')} ${reasonOf(error)}`,
    );
  }

  private part(name: string): JQuery {
    return this.element.find(`#${this.owner.type}-dead-letters-${name}`);
  }
}

function button(label: string, letterId: string, click: () => void): JQuery {
  return $('<button type="button" class="red-ui-button red-ui-button-small">')
    .text(label)
    .attr('aria-label', `${label} ${letterId}`)
    .on('click', click);
}

/** Asks before deleting objects of which there may be no other copy. */
function confirmDiscard(number: number, { type, text }: Texts): Promise<boolean> {
  return new Promise((resolve) => {
    const close = (confirmed: boolean): void => {
      notification.close();
      resolve(confirmed);
    };
    const notification = RED.notify($('<p>').text(text('deadLetters.confirm', { number })), {
      type: 'warning',
      modal: true,
      fixed: true,
      buttons: [
        { id: `${type}-keep`, text: text('deadLetters.keep'), click: () => close(false) },
        {
          id: `${type}-discard`,
          text: text('deadLetters.discard'),
          class: 'primary',
          click: () => close(true),
        },
      ],
    });
    $(`#${type}-keep`).trigger('focus');
  });
}
