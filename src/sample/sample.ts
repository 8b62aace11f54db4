import { bufferSource, convert, readFileMeta, uidName } from '../dicom';
import {
  aboutObject,
  type FlowMessage,
  type MessageFacts,
  payloadOf,
  type PayloadSettings,
  type WaitingSettings,
  waitsForFlow,
} from '../message';
import type { ObjectEnvelope } from '../object';
import { pick, readSampleTemplate, type DicomInSettings, type SampleTemplate } from '../settings';
import { sampleObject } from './sample-object';

/** In the place of an object's id: an answer to a sample has nobody to go to. */
export const SAMPLE_ID = 'sample';

export type SampleSettings = PayloadSettings & WaitingSettings & Pick<DicomInSettings, 'ourAET' | 'port'>;

/** The settings that a sample is made with, without all others. */
export const sampleSettings = (settings: SampleSettings): SampleSettings => ({
  ...payloadOf(settings),
  ...pick(settings, ['acknowledge', 'respond', 'ourAET', 'port']),
});

/** The file is DICOM, but no object that a receiver would take. */
export class NotAnObject extends Error {
  override readonly name = 'NotAnObject';
}

/**
 * The message that a node would send for the object in a Part 10 file, had somebody sent it; without file and Buffer.
 * @param placeholders for whatever may identify somebody
 * @throws DicomError or NotAnObject
 */
export function convertSample(file: Buffer, settings: SampleSettings, placeholders: boolean): FlowMessage {
  const source = bufferSource(file);
  const { transferSyntaxUID, dataSetOffset: offset } = readFileMeta(source);
  const conversion = convert(source, { ...settings, transferSyntaxUID, offset, placeholders });
  const { sopClassUID, sopInstanceUID } = conversion.identity;
  if (sopClassUID === undefined || sopInstanceUID === undefined)
    throw new NotAnObject('the data set has no SOP Class or SOP Instance UID');
  const envelope = { ...sampleEnvelope(settings), sopClassUID, sopInstanceUID, transferSyntaxUID };
  const size = source.size - offset;
  const about = aboutObject(conversion, envelope, { size, queueId: '', redelivered: 0 });
  return asSample({ payload: conversion.message, ...about }, settings, '');
}

/** The sample message of a node without its own sample. */
export function builtInSample(settings: SampleSettings): FlowMessage {
  return convertSample(sampleObject(), settings, false);
}

/**
 * What a node's button sends: its own sample, or the built-in one.
 * @throws SyntaxError when its own is no JSON
 */
export function sampleMessage(
  settings: SampleSettings & Pick<DicomInSettings, 'receivedMessageTemplate'>,
  receiverId: string,
): FlowMessage {
  const template = readSampleTemplate(settings.receivedMessageTemplate);
  const message = template === undefined ? builtInSample(settings) : completed(template, settings);
  return asSample(message, settings, receiverId);
}

/** With the names that a received object has, of nothing that could be answered. */
function asSample(message: FlowMessage, settings: WaitingSettings, receiverId: string): FlowMessage {
  const queueId = `${receiverId}:${SAMPLE_ID}`;
  const dicom: MessageFacts = { ...message.dicom, queueId, redelivered: 0, sample: true };
  if (waitsForFlow(settings)) dicom.acknowledgeId = queueId;
  else delete dicom.acknowledgeId;
  return { ...message, dicom };
}

/** What a template leaves out is made up, from its CommonFields where they say it. */
function completed(template: SampleTemplate, settings: SampleSettings): FlowMessage {
  const { payload, topic, dicom } = template;
  const fields = record(record(payload)['CommonFields']);
  const sopClassUID = text(fields['SOPClassUID']);
  const facts: MessageFacts = {
    ...sampleEnvelope(settings),
    sopClassUID,
    sopInstanceUID: text(fields['SOPInstanceUID']),
    transferSyntaxUID: '',
    sopClassName: uidName(sopClassUID) ?? sopClassUID,
    size: 0,
    queueId: '',
    redelivered: 0,
    ...record(dicom),
  };
  return {
    ...template,
    topic: typeof topic === 'string' ? topic : text(fields['StudyInstanceUID']),
    payload: payload as FlowMessage['payload'],
    dicom: facts,
  };
}

function sampleEnvelope({
  ourAET,
  port,
}: SampleSettings): Omit<ObjectEnvelope, 'sopClassUID' | 'sopInstanceUID' | 'transferSyntaxUID'> {
  return {
    callingAET: 'SAMPLE_SCU',
    calledAET: ourAET,
    remoteAddress: '127.0.0.1',
    remotePort: 50_000,
    localPort: port,
    associationId: SAMPLE_ID,
    messageId: 1,
    receivedAt: new Date().toISOString(),
  };
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
