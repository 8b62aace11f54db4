import type { PeerEcho } from '../../../src/admin-api';
import type { DicomPeerProblem } from '../../../src/settings';
import {
  address,
  echoDetail,
  failureText,
  rejectionText,
  request,
  statusDigits,
  targetText,
  type EchoResult,
  type EditorNode,
} from '../../editor';
import { form } from './form';

/** What stands in a password's input that Node-RED has and does not show. */
const KEPT_PASSWORD = '__PWRD__';

const { text } = form.texts;

/** Calls the peer with what stands in the open dialog. Never rejects: a failed request is an outcome, too. */
export async function testEcho(node: EditorNode): Promise<EchoResult> {
  try {
    const echo = (await request('POST', address(form.type, 'echo'), entered(node))) as PeerEcho;
    const target = 'host' in echo ? targetText(echo, form.texts) : '';
    return { isGood: echo.outcome === 'answered', words: words(echo), target };
  } catch (error) {
    return { isGood: false, words: failureText(error, form.texts), target: '' };
  }
}

function entered(node: EditorNode): Record<string, unknown> {
  const values = form.fields.inDialog();
  const settings = Object.fromEntries(form.fields.names.map((name) => [name, values(name)]));
  const passcode = String(form.fields.credential('passcode').val());
  // One that was entered before, and is not deployed yet, is in the editor's node.
  const { passcode: inEditor } = (node['credentials'] ?? {}) as { passcode?: string };
  const known = passcode === KEPT_PASSWORD ? inEditor : passcode;
  return {
    id: node.id,
    settings,
    userName: String(form.fields.credential('userName').val()),
    ...(known !== undefined && known !== KEPT_PASSWORD && { passcode: known }),
  };
}

function words(echo: PeerEcho): string {
  switch (echo.outcome) {
    case 'answered':
      return text('echo.answered', { milliseconds: echo.milliseconds });
    case 'timedOut':
      return text(echo.tls ? 'echo.timedOutTls' : 'echo.timedOut', {
        seconds: Math.round(echo.milliseconds / 1000),
      });
    case 'refused':
      return text('echo.refused', { status: statusDigits(echo.status) });
    case 'rejected': {
      const { result, source, reason } = echo;
      return `${text('echo.rejected')} ${rejectionText(echo, form.texts)} (${result}/${source}/${reason})`;
    }
    case 'closed':
      return text(echo.tls ? 'echo.closedTls' : 'echo.closed');
    case 'failed':
      if (echo.code === 'NO_VERIFICATION') return text('echo.noVerification');
      // The system's words are not put through the catalogue.
      return `${text(FAILURES[echo.code] ?? otherFailure(echo.code))} (${echoDetail(echo)})`;
    case 'invalid':
      return `${text('echo.invalid')} ${echo.problems.map(problemText).join('; ')}`;
    case 'tlsUnusable':
      return `${text('echo.tlsUnusable')} (${echo.reason})`;
    case 'passcodeElsewhere':
      return text('echo.passcodeElsewhere');
  }
}

function problemText({ field, code, values }: DicomPeerProblem): string {
  return `${text(`label.${field}`)}: ${text(`problem.${code}`, values)}`;
}

const UNTRUSTED = 'echo.certificate.untrusted';
const WANTS_OURS = 'echo.certificate.wantsOurs';
const NO_TLS = 'echo.noTls';
const OTHER_VERSION = 'echo.otherTls';

/** By the system's, Node's or OpenSSL's code. */
const FAILURES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'echo.connectionRefused',
  ENOTFOUND: 'echo.unknownHost',
  EAI_AGAIN: 'echo.noNameServer',
  EHOSTUNREACH: 'echo.unreachable',
  ENETUNREACH: 'echo.unreachable',
  EADDRNOTAVAIL: 'echo.unreachable',
  ETIMEDOUT: 'echo.unreachable',
  NOT_DICOM: 'echo.notDicom',
  EPROTO: NO_TLS,
  ERR_SSL_WRONG_VERSION_NUMBER: NO_TLS,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: NO_TLS,
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: OTHER_VERSION,
  ERR_SSL_UNSUPPORTED_PROTOCOL: OTHER_VERSION,
  CERT_HAS_EXPIRED: 'echo.certificate.expired',
  CERT_NOT_YET_VALID: 'echo.certificate.notYetValid',
  CERT_REVOKED: 'echo.certificate.revoked',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'echo.certificate.selfSigned',
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  ERR_TLS_CERT_ALTNAME_INVALID: 'echo.certificate.otherName',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: WANTS_OURS,
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: WANTS_OURS,
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: WANTS_OURS,
};

const otherFailure = (code: string): string =>
  code.startsWith('ERR_SSL') || code.startsWith('ERR_TLS') ? 'echo.tlsFailed' : 'echo.failed';
