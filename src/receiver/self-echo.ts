import { lookup } from 'node:dns/promises';
import type { TlsOptions } from 'node:tls';
import type { SelfEcho } from '../admin-api';
import { hostFilter, LOCAL_PROXY_HEADER, sendEcho, type EchoTarget } from '../network';
import { ANY, splitList, type DicomInSettings } from '../settings';
import { proxyFilter } from './receiver-config';

/** Where the list of allowed callers leaves the choice. */
const CALLING_AET = 'ECHO_TEST';
const TIMEOUT_MS = 10_000;

export interface EchoedReceiver {
  settings: Pick<
    DicomInSettings,
    | 'port'
    | 'bindAddress'
    | 'ourAET'
    | 'acceptedCallingAETs'
    | 'allowedHosts'
    | 'trustedProxies'
    | 'requireClientCertificate'
  >;
  tls?: TlsOptions;
}

/** Calls a receiver at its own port, as a sender would. */
export async function echoOwnPort({ settings, tls }: EchoedReceiver): Promise<SelfEcho> {
  const host = hostToCall(settings.bindAddress);
  const { port, ourAET: calledAET, requireClientCertificate } = settings;
  const callingAET = acceptedCaller(settings);
  const shown = tls && ownCertificate(tls);
  // Who calls an address of this machine has that address, too.
  const { address } = await lookup(host);
  const outcome = await sendEcho({
    host,
    port,
    callingAET,
    calledAET,
    timeoutMs: TIMEOUT_MS,
    ...(shown && { tls: shown }),
    ...(proxyFilter(settings)?.(address) === true && { opening: LOCAL_PROXY_HEADER }),
  });
  return {
    ...outcome,
    host,
    port,
    callingAET,
    calledAET,
    tls: tls !== undefined,
    certificate: !requireClientCertificate
      ? 'notNeeded'
      : shown?.cert === undefined && shown?.pfx === undefined
        ? 'none'
        : 'own',
    hostNotAllowed: !hostFilter(splitList(settings.allowedHosts))(address),
  };
}

/** All interfaces have the loopback one among them. */
function hostToCall(bindAddress: string): string {
  if (bindAddress === '' || bindAddress === '0.0.0.0') return '127.0.0.1';
  return bindAddress === '::' ? '::1' : bindAddress;
}

/** A calling AE title that the receiver lets in, if there is one. */
function acceptedCaller({ acceptedCallingAETs }: EchoedReceiver['settings']): string {
  const callers = splitList(acceptedCallingAETs);
  return callers.includes(ANY) ? CALLING_AET : (callers[0] ?? CALLING_AET);
}

/** What the receiver shows is shown to it. Nobody checks the certificate that it shows: it is our own. */
function ownCertificate({ key, cert, pfx, passphrase }: TlsOptions): NonNullable<EchoTarget['tls']> {
  return { key, cert, pfx, passphrase, rejectUnauthorized: false };
}
