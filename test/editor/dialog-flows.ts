import { DICOM_IN } from '../../src/settings';

/** On a disabled tab, so that nothing listens meanwhile. */
export const FLOWS = [
  { id: 'tab', type: 'tab', label: 'Flow 1' },
  { id: 'off', type: 'tab', label: 'Off', disabled: true },
  { id: 'debug', type: 'debug', z: 'tab', x: 460, y: 140, wires: [] },
  { id: 'bare', type: 'dicom-in', z: 'off', x: 120, y: 100, wires: [['debug']] },
  {
    id: 'full',
    type: 'dicom-in',
    z: 'off',
    x: 120,
    y: 200,
    ...DICOM_IN.defaults,
    name: 'full',
    port: '${DICOM_PORT}',
    output: '${DICOM_OUTPUT}',
    activities: ['11111111-1111-1111-1111-111111111111', '22222222-2222-2222-2222-222222222222'],
    receivedMessageTemplate: '{ "PatientID": "12345" }',
    outputs: 1,
    wires: [[]],
  },
];
