import type { Node, NodeAPI, NodeDef } from 'node-red';
import { DICOM_RESPONSE } from '../../src/settings';
import { nodeTexts } from '../runtime/node-texts';
import { onInput } from '../runtime/on-input';
import { answer, answerError, unknownVersion } from './runtime/answer';
import type { AnsweringMessage } from './runtime/answering-message';

/**
 * The `dicom-response` node: tells the `dicom-in` node that a message came from how it fared, as `http response` does for
 * `http in`. The message is found by `msg.dicom.queueId` or `acknowledgeId` alone.
 */
export = function register(RED: NodeAPI): void {
  const text = nodeTexts(RED, DICOM_RESPONSE.type);
  function DicomResponse(this: Node, config: NodeDef & Record<string, unknown>): void {
    RED.nodes.createNode(this, config);
    const parsed = DICOM_RESPONSE.parse(config);
    const unknown = unknownVersion(parsed);
    if (unknown !== undefined) {
      this.status({ fill: 'red', shape: 'ring', text: text('status.newerVersion') });
      this.error(answerError(text, unknown).message);
    }
    onInput(this, (message: AnsweringMessage, _send, done) => {
      answer(parsed, message).then(
        () => done(),
        (error: unknown) => done(answerError(text, error)),
      );
    });
  }
  RED.nodes.registerType(DICOM_RESPONSE.type, DicomResponse);
};
