import { connect, Socket, type TcpNetConnectOpts } from 'node:net';
import { poison } from '../../basics';

/** What one read of objects takes at most; larger ones save nothing more. */
const READ_BYTES = 262_144;

/**
 * The memory that all connections of a listener, or of all that ask, are read into, one read at a time. Node gives each read of a server's
 * socket fresh memory, and for a fast sender the page faults of that cost many times what the reading does.
 */
export class ReadBuffer {
  private readonly memory: Buffer;

  constructor(bytes = READ_BYTES) {
    this.memory = Buffer.allocUnsafeSlow(bytes);
  }

  /** Begins a connection whose `data` is valid during the event only, as that of an adopted one. */
  connect(options: TcpNetConnectOpts): Socket {
    const socket: Socket = connect({ ...options, onread: this.into(() => socket) });
    return socket;
  }

  /**
   * Returns the accepted connection as a socket whose `data` is valid during the event only: the next read, of whatever
   * connection, overwrites it. `onread` is an option of a socket's constructor, which a server does not let us choose; so
   * the connection moves to a socket of ours by its handle, which Node does not document. Without one, it stays as it is.
   * @param accepted by a server with `pauseOnConnect`
   */
  adopt(accepted: Socket): Socket {
    const owner = accepted as unknown as { _handle?: object | null };
    const { _handle: handle } = owner;
    if (typeof handle !== 'object' || handle === null) {
      accepted.resume();
      return accepted;
    }
    owner._handle = null;
    const socket: Socket = new Socket({ handle, onread: this.into(() => socket) } as object);
    // The server counts the one that it knows.
    socket.once('close', () => accepted.destroy());
    return socket;
  }

  /** Node's option `onread`. */
  private into(socket: () => Socket): { buffer: Buffer; callback: (length: number) => boolean } {
    const callback = (length: number): boolean => {
      const read = this.memory.subarray(0, length);
      socket().emit('data', read);
      poison(read);
      return true;
    };
    return { buffer: this.memory, callback };
  }
}
