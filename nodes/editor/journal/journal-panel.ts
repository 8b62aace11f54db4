import type { JournalOutcome, ListedEntry } from '../../../src/admin-api';
import type { EditorNode } from '../red';
import { failureText, isRunning, RequestFailed } from '../requests';
import type { Texts } from '../texts';
import { journalFacts, OUTCOMES, outcomeText } from './journal-facts';
import { listJournal, repeatEntry, type JournalFilter, type JournalOwner } from './journal-requests';

/** Somebody is still typing. */
const TYPING_MS = 300;

/**
 * The journal of a node, where the html has `<form-part name="journal">`: the latest entries first, and those before them on
 * demand. UIDs, titles and reasons come from peers: they go into the page as text, and not through the catalogue.
 */
export class JournalPanel {
  private readonly element: JQuery;
  private readonly owner: JournalOwner;
  private readonly isRunning: boolean;
  /** Of the page behind what is shown. */
  private next: string | undefined;
  private typing: number | undefined;
  /** The question whose answer is awaited; answers to earlier ones are ignored. */
  private latest = 0;

  /** @param outcomes that nodes of this type have */
  constructor(
    node: EditorNode,
    private readonly texts: Texts,
    outcomes: readonly JournalOutcome[],
  ) {
    const { type, text } = texts;
    this.owner = { type, id: node.id };
    // Kept, so that a late answer never ends up in the dialog of another node.
    this.element = $(`#${type}-journal`);
    this.isRunning = isRunning(node);
    this.part('running').toggle(this.isRunning);
    this.part('problem').text(this.isRunning ? '' : text('journal.notRunning'));
    const choices = [['', 'journal.all'], ...outcomes.map((outcome) => [outcome, OUTCOMES[outcome].key])];
    this.part('outcome')
      .empty()
      .append(choices.map(([value = '', key = '']) => $('<option>').val(value).text(text(key))))
      .on('change', (event) => this.changed(event, 0));
    this.part('search').on('input change', (event) => this.changed(event, TYPING_MS));
    this.part('refresh').on('click', () => void this.refresh());
    this.part('more').on('click', () => void this.showMore());
  }

  /** Shows the latest entries, where the node runs. */
  async refresh(): Promise<void> {
    if (this.isRunning) await this.ask(undefined);
  }

  /** What is entered here is no setting: the dialog need not hear of it. */
  private changed(event: JQuery.TriggeredEvent, wait: number): void {
    event.stopPropagation();
    window.clearTimeout(this.typing);
    this.typing = window.setTimeout(() => void this.refresh(), wait);
  }

  private async showMore(): Promise<void> {
    const shown = this.rows().length;
    await this.ask(this.next);
    // The first of those that are new; the button may be gone.
    this.rows().eq(shown).attr('tabindex', -1).trigger('focus');
  }

  /** @param before undefined: the latest, in the place of what is shown */
  private async ask(before: string | undefined): Promise<void> {
    this.latest += 1;
    const mine = this.latest;
    try {
      const { entries, next } = await listJournal(this.owner, this.filter(), before);
      if (mine !== this.latest) return;
      if (before === undefined) this.part('list').empty();
      this.part('list').append(entries.map((entry) => this.row(entry)));
      this.next = next;
      this.part('problem').text('');
    } catch (error) {
      if (mine !== this.latest) return;
      this.part('problem').text(this.reason(error));
    }
    this.tellNumber();
  }

  private tellNumber(): void {
    const { text } = this.texts;
    const number = this.rows().length;
    const filter = this.filter();
    const none = filter.text === '' && filter.outcome === '' ? 'journal.none' : 'journal.noneFound';
    this.part('number').text(number === 0 ? text(none) : text('journal.number', { number }));
    this.part('list').toggle(number > 0);
    this.part('more').toggle(this.next !== undefined);
  }

  private row(entry: ListedEntry): JQuery {
    const outcome = $('<div class="dicom-row-words">').addClass(OUTCOMES[entry.outcome].look);
    const facts = journalFacts(entry, this.texts).map((fact) => $('<span>').text(fact));
    const row = $('<li>').append(
      $('<div>').append(
        outcome.text(outcomeText(entry, this.texts)),
        $('<div class="dicom-facts">').append(facts),
      ),
    );
    return entry.again === true ? row.append(this.againButton(entry)) : row;
  }

  private againButton({ key, sopInstanceUID = '' }: ListedEntry): JQuery {
    const label = this.texts.text('journal.again');
    const button = $('<button type="button" class="red-ui-button red-ui-button-small">')
      .text(label)
      .attr('aria-label', `${label} ${sopInstanceUID}`)
      .on('click', () => void this.repeat(key, button));
    return $('<div class="dicom-row-buttons">').append(button);
  }

  private async repeat(key: string, button: JQuery): Promise<void> {
    button.prop('disabled', true);
    let words = 'journal.done';
    try {
      await repeatEntry(this.owner, key);
    } catch (error) {
      if (!(error instanceof RequestFailed && error.status === 404)) {
        this.part('problem').text(this.reason(error));
        button.prop('disabled', false);
        return;
      }
      words = 'journal.gone';
    }
    const told = $('<span class="dicom-intro" role="status" tabindex="-1">').text(this.texts.text(words));
    button.replaceWith(told);
    told.trigger('focus');
  }

  private reason(error: unknown): string {
    const isGone = error instanceof RequestFailed && [404, 503].includes(error.status);
    return isGone ? this.texts.text('journal.notRunning') : failureText(error, this.texts);
  }

  private filter(): JournalFilter {
    return {
      text: String(this.part('search').val() ?? '').trim(),
      outcome: String(this.part('outcome').val() ?? '') as JournalFilter['outcome'],
    };
  }

  private rows(): JQuery {
    return this.part('list').children();
  }

  private part(name: string): JQuery {
    return this.element.find(`#${this.owner.type}-journal-${name}`);
  }
}
