import {
  checkUserName,
  DICOM_PEER,
  type DicomPeerField,
  type DicomPeerSettings,
} from '../../../src/settings';
import { NodeForm, remark, type About, type Remark, type Values } from '../../editor';
import { receiverRemarks } from './commitment';

type Condition = (values: Values<DicomPeerField>) => boolean;

const withCommitment: Condition = (values) => values('commit') !== 'none';
const withIdentity: Condition = (values) => values('userIdentity') !== 'none';

export const form = new NodeForm(DICOM_PEER, {
  // As the runtime calls it, too.
  label: (values) =>
    values('host') === '' ? 'dicom peer' : `${String(values('calledAET'))}@${String(values('host'))}`,
  shownIf: {
    tlsServerName: (values) => values('tls') !== '',
    commitThrough: withCommitment,
    commitTimeoutMinutes: withCommitment,
  },
  credentials: {
    userName: withIdentity,
    passcode: (values) => values('userIdentity') === 'passcode',
  },
  remarks: (about) => [...identityRemarks(about), ...ownIdRemarks(about), ...receiverRemarks(about)],
});

/** Only the open dialog has what Node-RED keeps encrypted. */
function identityRemarks({ field, values, texts }: About<DicomPeerField>): Remark[] {
  if (field !== 'userIdentity') return [];
  const input = form.fields.credential('userName');
  if (input.length === 0) return [];
  const userIdentity = values('userIdentity') as DicomPeerSettings['userIdentity'];
  return checkUserName({ userIdentity }, String(input.val())).map((finding) => remark(finding, texts));
}

/** Node-RED would take the node to depend on itself, and start no flow with it. */
function ownIdRemarks({ node, field, values, texts }: About<DicomPeerField>): Remark[] {
  return values(field) === node.id ? [{ severity: 'error', text: texts.text('warning.ownId') }] : [];
}
