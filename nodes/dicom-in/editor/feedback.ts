import type { Refusal } from '../../../src/admin-api';
import {
  isRunning,
  localTime,
  rejectionText,
  request,
  RequestFailed,
  showEcho,
  type EditorNode,
} from '../../editor';
import { testEcho } from './echo';
import { form, hasText, ourAddress, text, whyFailed } from './form';

/** The part of `GET dicom-in/:id/stats` that is shown. */
interface Stats {
  since: string;
  listening: boolean;
  draining?: true;
  delivering?: true;
  listeningSince?: string;
  address?: string;
  port?: number;
  fault?: string;
  /** What is wrong, in the runtime's words. */
  problem?: string;
  counters: Record<
    | 'associations'
    | 'openAssociations'
    | 'received'
    | 'rejected'
    | 'connectionsRefused'
    | 'refused'
    | 'queued',
    number
  >;
  refusals: readonly Refusal[];
}

const REFRESH_MS = 2_000;

/**
 * What the deployed receiver is doing, kept fresh while it can be seen, and a test of its port. Names and reasons come
 * from peers: they go into the page as text, and not through the catalogue.
 */
export class FeedbackPanel {
  private readonly element = $('#dicom-in-feedback');
  private timer: number | undefined;
  /** As JSON: the list is made anew only when it changes, so that it can be read and copied. */
  private refusals = '';
  /** Counts up at each start and stop: an answer to an earlier question starts no second clock. */
  private round = 0;

  constructor(private readonly node: EditorNode) {
    const running = isRunning(node);
    this.part('running').toggle(running);
    this.part('problem').text('');
    this.part('state').text(running ? '' : text('feedback.notRunning'));
    this.part('note').text(text(node['changed'] === true ? 'feedback.changed' : 'feedback.deployed'));
    this.part('refusals').hide();
    this.part('echo').on('click', () => void this.echo());
  }

  start(): void {
    this.stop();
    if (isRunning(this.node)) void this.refresh(this.round);
  }

  stop(): void {
    this.round += 1;
    window.clearTimeout(this.timer);
  }

  private async refresh(round: number): Promise<void> {
    const isMissing = await this.ask();
    if (round !== this.round || isMissing) return;
    this.timer = window.setTimeout(() => void this.refresh(round), REFRESH_MS);
  }

  /** Returns whether it makes no sense to ask again. */
  private async ask(): Promise<boolean> {
    try {
      this.show((await request('GET', ourAddress(this.node.id, 'stats'))) as Stats);
      return false;
    } catch (error) {
      this.part('state').text(whyFailed(error)).addClass('dicom-error');
      return error instanceof RequestFailed && error.status >= 400 && error.status < 500;
    }
  }

  private show(stats: Stats): void {
    const { counters } = stats;
    this.part('state')
      .text(stateText(stats))
      .toggleClass('dicom-error', stats.fault !== undefined);
    this.part('problem').text(stats.listening ? '' : (stats.problem ?? ''));
    this.part('since').text(`${text('feedback.since')} ${localTime(stats.since)}`);
    const counts = {
      associations: counters.associations,
      open: counters.openAssociations,
      objects: counters.received,
      refused: counters.rejected + counters.connectionsRefused + counters.refused,
      queued: counters.queued,
    };
    for (const [name, count] of Object.entries(counts)) this.part(name).text(count.toLocaleString());
    const refusals = JSON.stringify(stats.refusals);
    if (refusals === this.refusals) return;
    this.refusals = refusals;
    this.part('refusals').toggle(stats.refusals.length > 0);
    this.part('refusals').find('ul').empty().append(stats.refusals.map(row));
  }

  private async echo(): Promise<void> {
    await showEcho('dicom-in-feedback', form.texts, () => testEcho(this.node.id));
    await this.ask();
  }

  private part(name: string): JQuery {
    return this.element.find(`#dicom-in-feedback-${name}`);
  }
}

function stateText(stats: Stats): string {
  const { listening, listeningSince = '', address: host = '', port = 0, fault } = stats;
  if (listening) {
    const words = text('feedback.listening', { since: localTime(listeningSince), port });
    return `${words} (${host})`;
  }
  if (fault === undefined) return text(idleState(stats));
  const key = `feedback.fault.${fault}`;
  return `${text('feedback.notListening')} ${hasText(key) ? text(key) : fault}`;
}

/** Why no port is open, though nothing is wrong. */
function idleState({ draining, delivering, counters }: Stats): string {
  if (draining === true) return counters.openAssociations > 0 ? 'feedback.draining' : 'feedback.drained';
  return delivering === true ? 'feedback.delivering' : 'feedback.starting';
}

function row({ at, event, remoteAddress, callingAET, calledAET, code, text: reason }: Refusal): JQuery {
  // Who has not come as far as a request has said no title.
  const who = callingAET === undefined || callingAET === '' ? '' : `${callingAET} → ${calledAET ?? ''}`;
  const facts = [localTime(at), who, remoteAddress]
    .filter((fact) => fact !== '')
    .map((fact) => $('<span>').text(fact));
  return $('<li>').append(
    $('<div>').text(code === undefined ? reason : `${reason} (${code})`),
    $('<div class="dicom-facts">').append(facts),
    $('<div class="dicom-hint">').text(event === 'association-rejected' ? advice(code) : ''),
  );
}

/** @param code `result/source/reason` */
function advice(code = ''): string {
  const [, source, reason] = code.split('/').map(Number);
  return rejectionText({ source: source ?? 0, reason: reason ?? 0 }, form.texts);
}
