import type { Random } from '../support/objects/mutations';

/** The receiver of Integration Soup's own reference, with a value of its own for every field. */
export const RECEIVER = {
  $type: 'HL7Soup.Functions.Settings.Receivers.DicomReceiverSetting, HL7SoupWorkflow',
  Id: '8aa8e861-64c5-4d9b-a8cc-c0cb87a8a2f7',
  Name: 'DICOM Inbound',
  WorkflowPatternName: 'Radiology in',
  Disabled: false,
  Port: 11112,
  OurAET: 'SOUP',
  AcceptedCallingAETs: 'MODALITY01,MODALITY02',
  AssociationTimeoutSeconds: 20,
  MessageType: 16,
  MessageTypeOptions: {
    $type: 'HL7Soup.Workflow.MessageTypeOptions.DicomMessageTypeOptions, HL7SoupWorkflow',
    IncludeCommonFieldsNode: true,
    IncludeReportNode: false,
    IncludeTagsNode: true,
  },
  ReceivedMessageTemplate: '{ "PatientID": "12345" }',
  Filters: '22222222-2222-2222-2222-222222222222',
  VariableTransformers: '00000000-0000-0000-0000-000000000000',
  Transformers: '33333333-3333-3333-3333-333333333333',
  Activities: ['11111111-1111-1111-1111-111111111111', '44444444-4444-4444-4444-444444444444'],
  AddIncomingMessageToCurrentTab: true,
};

/** A workflow file with this pattern, as Integration Soup saves it. */
export function workflow(...pattern: unknown[]): Record<string, unknown> {
  return {
    Comments: '',
    Modified: '2026-01-15T10:00:00Z',
    Name: 'Radiology',
    WorkflowId: '55555555-5555-5555-5555-555555555555',
    WorkflowPattern: pattern,
  };
}

const KEYS = [
  '__proto__',
  'constructor',
  'toString',
  'New',
  'é"\\',
  '',
  'port2',
  'hasOwnProperty',
  '0',
  '$id',
];
const TEXTS = ['', 'CT01', 'a\r\nb', 'ü"\\/\u2028', '*', ' CT01 , mr02 ', '${NAME}', '\ud800', 'null', '104'];

/** The text of a random JSON value. */
export function randomJson(random: Random, depth = 3): string {
  const many = <T>(make: () => T): T[] => Array.from({ length: random.below(4) }, make);
  switch (random.below(depth > 0 ? 7 : 5)) {
    case 0:
      return random.pick(['null', 'true', 'false']);
    case 1:
      return random.pick(['0', '-1', '104', '1.0', '1e3', '-0', '12345678901234567890', '2.50', '6E-2']);
    case 2:
    case 3:
    case 4:
      return JSON.stringify(random.pick(TEXTS));
    case 5:
      return `[${many(() => randomJson(random, depth - 1)).join(', ')}]`;
    default: {
      const keys = [...new Set(many(() => random.pick(KEYS)))];
      return `{${keys.map((key) => `${JSON.stringify(key)}: ${randomJson(random, depth - 1)}`).join(', ')}}`;
    }
  }
}

/** Values that Integration Soup, or somebody with a text editor, could have written for a field. */
const FORMS: Record<string, readonly string[]> = {
  Port: ['104', '"104"', '11112', '0', '70000', '104.5', '"${DICOM_PORT}"', 'null'],
  AssociationTimeoutSeconds: ['30', '"30"', '5', '"0045"', '1e2'],
  MessageType: ['11', '16', '"JSON"', '"dicom"', '"11"', '"FHIR"', '99'],
  Disabled: ['true', 'false', '"True"', '"false"', '0', '1', 'null'],
  AddIncomingMessageToCurrentTab: ['true', 'false', '"TRUE"'],
  MessageTypeOptions: [
    'null',
    '7',
    '{}',
    '{"$type": "Other, X", "IncludeReportNode": false, "New": {"__proto__": [1.0]}, "includetagsnode": "False"}',
    '{"IncludeCommonFieldsNode": 0, "IncludeReportNode": "maybe", "IncludeTagsNode": true}',
  ],
  Activities: [
    '[]',
    'null',
    '["11111111-1111-1111-1111-111111111111"]',
    '[{"Id": 1}, "a", null, "b, c", 5]',
    '"a"',
  ],
  AcceptedCallingAETs: ['"*"', '"CT01, mr02"', '""', 'null', '["CT01"]'],
  Filters: ['"00000000-0000-0000-0000-000000000000"', '""', 'null', '{"Filters": []}'],
};

/** The text of a random receiver: members left out, out of order, of any type, and ones nobody knows. */
export function randomReceiver(random: Random): string {
  const members = new Map<string, string>();
  for (const [key, value] of Object.entries(RECEIVER)) {
    if (random.below(4) === 0) continue;
    const forms = [JSON.stringify(value), JSON.stringify(value), ...(FORMS[key] ?? [])];
    const text = random.below(12) === 0 ? randomJson(random) : random.pick(forms);
    members.set(random.below(10) === 0 ? key.toLowerCase() : key, text);
  }
  for (let left = random.below(4); left > 0; left -= 1) members.set(random.pick(KEYS), randomJson(random));
  const shuffled = [...members].sort(() => random.below(3) - 1);
  return `{ ${shuffled.map(([key, value]) => `${JSON.stringify(key)}: ${value}`).join(',\n  ')} }`;
}
