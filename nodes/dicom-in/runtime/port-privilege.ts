import { createSocket } from 'node:dgram';

/** Where senders expect DICOM; on many systems only a privileged program may use it. */
const DICOM_PORT = 104;

/** The wildcard is what macOS opens to everybody, and what a listener without an interface uses there. */
const PROBED_ADDRESS = process.platform === 'darwin' ? '0.0.0.0' : '127.0.0.1';

let allowed: boolean | undefined;

/**
 * Whether this process may use DICOM's port 104, as far as is known: false until it has been tried. What decides (root,
 * CAP_NET_BIND_SERVICE, net.ipv4.ip_unprivileged_port_start, authbind, the system) is known to the system alone.
 */
export function mayUseDicomPort(): boolean {
  return allowed === true;
}

/**
 * Tries it once per process. Uses UDP, to which the same rule applies: trial and listeners cannot get in each other's way.
 */
export function tryDicomPort(): void {
  if (allowed !== undefined) return;
  allowed = false;
  const socket = createSocket('udp4');
  // A port that is in use is at least permitted.
  socket.once('error', ({ code }: NodeJS.ErrnoException) => {
    allowed = code === 'EADDRINUSE';
    socket.close();
  });
  socket.bind({ port: DICOM_PORT, address: PROBED_ADDRESS, exclusive: true }, () => {
    allowed = true;
    socket.close();
  });
  socket.unref();
}
