import { DICOM_IN, outputsOf } from '../../../src/settings';
import type { MessageSink } from './message-sink';
import type { FlowNode } from './node-red';

export const TAB = 'test-tab';

/** A node on the tab; where it stands does not matter. */
export function flowNode(id: string, type: string, properties: Record<string, unknown>): FlowNode {
  return { id, type, z: TAB, x: 300, y: 100, ...properties };
}

/** A tab with a dicom-in node whose outputs, and whose Catch node, lead to the sink. */
export function receiverFlow(
  dicomPort: number,
  sink: MessageSink,
  settings: Record<string, unknown> = {},
): FlowNode[] {
  return [
    { id: TAB, type: 'tab', label: 'test' },
    dicomIn('test-dicom-in', dicomPort, [['test-out-1'], ['test-out-2']], settings),
    ...sinkNodes(sink),
  ];
}

export function dicomIn(
  id: string,
  dicomPort: number | string,
  wires: string[][],
  settings: Record<string, unknown> = {},
): FlowNode {
  const outputs = outputsOf({ ...DICOM_IN.defaults, ...settings });
  return {
    id,
    type: 'dicom-in',
    z: TAB,
    ...DICOM_IN.defaults,
    port: String(dicomPort),
    bindAddress: '127.0.0.1',
    outputs,
    ...settings,
    x: 100,
    y: 100,
    wires: wires.slice(0, outputs),
  };
}

/** `test-out-1` and `test-out-2` send what they get to the sink, marked with the output's number; a Catch node is 3. */
export function sinkNodes(sink: MessageSink): FlowNode[] {
  const serialise = (output: number): string => `
    const { dicom, error } = msg;
    const facts = dicom && { ...dicom, object: dicom.object && dicom.object.toString('base64') };
    return { payload: JSON.stringify({ ...msg, dicom: facts, error, output: ${output} }) + '\\n' };`;
  return [
    ...[1, 2, 3].map((output) =>
      flowNode(`test-out-${output}`, 'function', {
        func: serialise(output),
        outputs: 1,
        wires: [['test-sink']],
      }),
    ),
    flowNode('test-catch', 'catch', { scope: null, uncaught: false, wires: [['test-out-3']] }),
    flowNode('test-sink', 'tcp out', {
      host: '127.0.0.1',
      port: String(sink.port),
      beserver: 'client',
      base64: false,
      end: false,
      wires: [],
    }),
  ];
}
