import type { OpenStudies, OpenStudy } from '../../../src/admin-api';
import {
  address,
  failureText,
  isRunning,
  localTime,
  request,
  RequestFailed,
  type EditorNode,
  type Texts,
} from '../../editor';

type Action = 'fire' | 'forget' | 'again';

/** What is open in a node, the next to be complete first. UIDs and titles come from peers: they go into the page as text. */
export class OpenStudiesPanel {
  private readonly isRunning: boolean;
  private readonly id: string;
  private readonly element: JQuery;

  constructor(
    node: EditorNode,
    private readonly texts: Texts,
  ) {
    this.id = node.id;
    this.isRunning = isRunning(node);
    // Kept, so that a late answer never ends up in the dialog of another node.
    this.element = $('#dicom-study-open');
    this.part('refresh').on('click', () => void this.refresh());
  }

  async refresh(): Promise<void> {
    this.part('problem').text(this.isRunning ? '' : this.texts.text('open.notRunning'));
    this.part('refresh').toggle(this.isRunning);
    if (!this.isRunning) return;
    try {
      const found = await request('GET', address(this.texts.type, this.id, 'studies'));
      this.show(found as OpenStudies);
    } catch (error) {
      this.part('problem').text(this.reason(error));
    }
  }

  private show({ studies, total }: OpenStudies): void {
    const { text } = this.texts;
    this.part('number').text(total === 0 ? text('open.none') : text('open.number', { number: total }));
    this.part('list')
      .toggle(total > 0)
      .empty()
      .append(studies.map((study) => this.row(study)));
  }

  private row(study: OpenStudy): JQuery {
    const buttons = [
      ...(study.pending > 0 ? [this.button('fire', study)] : []),
      ...(study.unacknowledged > 0 ? [this.button('again', study)] : []),
      this.button('forget', study),
    ];
    return $('<li>').append(
      $('<div>').append(
        $('<div class="dicom-row-words">').text(study.key),
        $('<div class="dicom-facts">').append(this.facts(study).map((fact) => $('<span>').text(fact))),
      ),
      $('<div class="dicom-row-buttons">').append(buttons),
    );
  }

  private facts(study: OpenStudy): string[] {
    const { objects, pending, firings, unacknowledged, modalities, callingAETs, last, next, isHeldUp } =
      study;
    const facts: readonly [label: string, value: string | number | undefined][] = [
      ['open.objects', objects],
      ['open.pending', pending],
      ['open.modalities', modalities.join(', ')],
      ['open.senders', callingAETs.join(', ')],
      ['open.last', last === undefined ? undefined : localTime(last)],
      ['open.next', next === undefined ? undefined : localTime(next)],
      ['open.heldUp', isHeldUp === true ? this.texts.text('open.heldUpBy') : undefined],
      ['open.firings', firings > 0 ? firings : undefined],
      ['open.unacknowledged', unacknowledged > 0 ? unacknowledged : undefined],
    ];
    return facts.flatMap(([label, value]) =>
      value === undefined || value === '' ? [] : [`${this.texts.text(label)} ${value}`],
    );
  }

  private button(action: Action, { key, pending }: OpenStudy): JQuery {
    const label = this.texts.text(`open.${action}`);
    return $('<button type="button" class="red-ui-button red-ui-button-small">')
      .text(label)
      .attr('aria-label', `${label} ${key}`)
      .on('click', () => {
        if (action !== 'forget') void this.apply(action, key);
        else this.confirmed(pending, () => void this.apply(action, key));
      });
  }

  private async apply(action: Action, key: string): Promise<void> {
    let problem = '';
    try {
      await request('POST', address(this.texts.type, this.id, 'studies', key, action));
    } catch (error) {
      // It has gone on meanwhile.
      if (!(error instanceof RequestFailed && error.status === 404)) problem = this.reason(error);
    }
    await this.refresh();
    if (problem !== '') this.part('problem').text(problem);
    this.part('refresh').trigger('focus');
  }

  /** Objects that no message has listed become dead letters. */
  private confirmed(pending: number, forget: () => void): void {
    const { text, type } = this.texts;
    const notification = RED.notify($('<p>').text(text('open.confirm', { number: pending })), {
      type: 'warning',
      modal: true,
      fixed: true,
      buttons: [
        { id: `${type}-keep`, text: text('open.keep'), click: () => notification.close() },
        {
          id: `${type}-forget`,
          text: text('open.forget'),
          class: 'primary',
          click: () => {
            notification.close();
            forget();
          },
        },
      ],
    });
    $(`#${type}-keep`).trigger('focus');
  }

  private reason(error: unknown): string {
    const isGone = error instanceof RequestFailed && [404, 503].includes(error.status);
    return isGone ? this.texts.text('open.notRunning') : failureText(error, this.texts);
  }

  private part(name: string): JQuery {
    return this.element.find(`#dicom-study-open-${name}`);
  }
}
