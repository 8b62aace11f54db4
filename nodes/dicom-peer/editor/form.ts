import { DICOM_PEER, type DicomPeerField } from '../../../src/settings';
import { receiverRemarks } from './commitment';
import { NodeForm, type About, type Remark, type Values } from '../../editor';

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
  remarks: (about) => [...identityRemarks(about), ...receiverRemarks(about)],
});

/** Only the open dialog has what Node-RED keeps encrypted. */
function identityRemarks({ field, values, texts }: About<DicomPeerField>): Remark[] {
  if (field !== 'userIdentity' || !withIdentity(values)) return [];
  const input = form.fields.credential('userName');
  const isMissing = input.length > 0 && String(input.val()).trim() === '';
  return isMissing ? [{ severity: 'warning', text: texts.text('warning.noUserName') }] : [];
}
