import type { Node, NodeAPI } from 'node-red';
import type { SharedQueue } from '../../../src/receiver';
import { DICOM_QUEUE, type DicomQueueSettings } from '../../../src/settings';
import { deployedNodes } from '../../runtime/deployed-nodes';
import { errorTexts, nodeTexts } from '../../runtime/node-texts';
import { peerTls } from '../../runtime/peers';
import { SharedQueueOwner } from '../../runtime/queues';
import { warnOfSettings } from '../../runtime/tell';

const BYTES_PER_MEGABYTE = 1_000_000;

interface Credentials {
  user?: string;
  password?: string;
}

/** A deployed `dicom-queue` node: tells the nodes that name it where their queue is. */
export class QueueNode extends SharedQueueOwner {
  readonly place: { shared: SharedQueue } | { problem: string };

  constructor(
    private readonly RED: NodeAPI,
    private readonly node: Node,
    config: Record<string, unknown>,
  ) {
    super();
    const { settings, problems } = DICOM_QUEUE.parse(config);
    const text = nodeTexts(RED, DICOM_QUEUE.type);
    warnOfSettings(node, text, problems);
    const wrong = errorTexts(text, problems);
    this.place = wrong.length === 0 ? this.placeOf(settings) : { problem: wrong.join('; ') };
  }

  run(): void {
    deployedNodes.add(this.node.id, this);
    if ('problem' in this.place) this.node.error(this.place.problem);
    this.node.on('close', (done: () => void) => {
      deployedNodes.remove(this.node.id);
      done();
    });
  }

  private placeOf({ tls, ...settings }: DicomQueueSettings): QueueNode['place'] {
    const { host, port, database, poolSize, schema, queueName, sharedDirectory } = settings;
    const { user = '', password = '' } = (this.node.credentials ?? {}) as Credentials;
    const security = tls === '' ? undefined : peerTls(this.RED.nodes.getNode(tls), '');
    if (security !== undefined && 'problem' in security) return security;
    const { serverName, ...options } = security?.options ?? {};
    return {
      shared: {
        database: {
          ...{ host, port, database, user, password, poolSize },
          ...(security && {
            tls: { ...options, ...(serverName !== undefined && { servername: serverName }) },
          }),
        },
        schema,
        queue: queueName,
        maxBytes: settings.maxQueuedMB * BYTES_PER_MEGABYTE,
        ...(sharedDirectory !== '' && {
          shared: {
            path: sharedDirectory,
            fromBytes: settings.sharedDirectoryFromMB * BYTES_PER_MEGABYTE,
          },
        }),
      },
    };
  }
}
