import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { beat, showLifeIn } from '../basics';
import { movingWith } from './moving-memory';
import { Outbox, type Weight } from './outbox';
import { PROTOCOL, type FromWorker, type Hello, type ToWorker, type WorkerStart } from './protocol';
import { isRequest, type PostedReply, reply } from './requests';

/** What a worker does. */
export interface Service<In, Requests> {
  /** What the host may ask for. */
  requests: Requests & object;
  message(message: In): void;
  /** Ends all that it does. What it has said by then still reaches the host. */
  stop(graceMs: number): Promise<void>;
}

/** How a worker is served. */
export interface Serving<Config, In, Out, Requests> {
  /** False: somebody waits for each message, so each goes at once. */
  isPatient(config: Config): boolean;
  begin(config: Config, outbox: Outbox<FromWorker<Out>>): Service<In, Requests>;
}

/** How long what a stopped worker has left open may take to close. Less than `stopMarginMs` of its host. */
const LEFT_OPEN_MS = 1_000;

/**
 * The worker's side of `WorkerHost`, called once by the worker's entry. Where the host is of another protocol, the worker
 * says its own and ends, and nothing has begun.
 */
export function serve<Config, In extends { kind: string }, Out, Requests>(
  serving: Serving<Config, In, Out, Requests>,
): void {
  const { port, config } = connect<Config>();
  if (port === undefined) return;
  const outbox = new Outbox<FromWorker<Out>>(
    (messages, transfer) => port.postMessage(messages, transfer),
    serving.isPatient(config),
  );
  const service = serving.begin(config, outbox);
  const take = (message: ToWorker<In>): void => {
    if (isRequest(message))
      void reply(service.requests, message).then((answer) => outbox.add(answer, weightOf(answer)));
    else if (isStop(message))
      void service.stop(message.graceMs).then(() => {
        outbox.flush();
        port.close();
        // The thread: what it keeps open has nobody, such as a connection that a peer does not close.
        setTimeout(() => process.exit(), LEFT_OPEN_MS).unref();
      });
    else service.message(message);
  };
  port.on('message', (messages: ToWorker<In>[]) => messages.forEach(take));
}

/** Says hello, and begins to show life. No port: the host is of another protocol. */
function connect<Config>(): { port?: MessagePort; config: Config } {
  if (parentPort === null) throw new Error('a worker is started as a thread, by WorkerHost');
  const { protocol, config, life, beatMs } = workerData as WorkerStart<Config>;
  const hello: Hello = { kind: 'hello', protocol: PROTOCOL };
  if (protocol === PROTOCOL) showLifeIn(life);
  // From the hello on, the host is less patient: the silence of the loading must not count.
  beat();
  parentPort.postMessage([hello]);
  if (protocol !== PROTOCOL) return { config };
  setInterval(beat, beatMs).unref();
  return { port: parentPort, config };
}

/** Text is small beside objects. */
function weightOf(answer: PostedReply): Weight {
  const transfer = 'result' in answer ? movingWith(answer.result) : [];
  return { bytes: transfer.reduce((total, { byteLength }) => total + byteLength, 0), transfer };
}

function isStop(message: { kind: string }): message is { kind: 'stop'; graceMs: number } {
  return message.kind === 'stop';
}
