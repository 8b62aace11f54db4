import type { Node, NodeAPI, NodeDef } from 'node-red';
import { nodeTexts } from '../runtime/node-texts';
import { answer, answerError, type AnsweringMessage, type ResponseConfig } from './runtime/answer';
import { TYPE } from './type';

/**
 * The `dicom-response` node: tells the `dicom-in` node that a message came from how it fared, as `http response` does for
 * `http in`. The message is found by `msg.dicom.queueId` alone.
 */
export = function register(RED: NodeAPI): void {
  const text = nodeTexts(RED, TYPE);
  function DicomResponse(this: Node, config: NodeDef & ResponseConfig): void {
    RED.nodes.createNode(this, config);
    this.on('input', (message: AnsweringMessage, _send, done) => {
      answer(config, message).then(
        () => done(),
        (error: unknown) => done(answerError(text, error)),
      );
    });
  }
  RED.nodes.registerType(TYPE, DicomResponse);
};
