import { type Encoding, HEADER, LONG_HEADER, UNDEFINED_LENGTH } from '../read';
import { type Vr, VR } from '../standard';
import { Flag, Step, type Steps } from './steps';
import { isSequenceOnlyByDelimiter, targetVr } from './target-vr';

/** A sequence, an item or the data set itself, while what is in it is laid out. */
interface Level {
  /** Of the step that begins it; NO_STEP: the data set. */
  readonly index: number;
  /** Where its content begins in the output. */
  readonly start: number;
  groupLength: { index: number; group: number; start: number } | undefined;
}

const NO_STEP = -1;
/** A group length is UL. */
export const GROUP_LENGTH_BYTES = 4;

/**
 * Gives each step the VR and the length that it is written with. A sequence and an item that said their length say the new
 * one; those that had a delimiter have one again. A group length (retired) says what it means: those that read it may go by it.
 * @returns bytes of the output
 * @throws DicomError where something cannot be written so that it is read as before
 */
export function layOut(steps: Steps, target: Encoding): number {
  let position = 0;
  let level: Level = { index: NO_STEP, start: 0, groupLength: undefined };
  const around: Level[] = [];
  const enter = (index: number, header: number): void => {
    around.push(level);
    position += header;
    level = { index, start: position, groupLength: undefined };
  };
  const leave = (): void => {
    endGroup(steps, level, position);
    position += finishLength(steps, level.index, position - level.start);
    level = around.pop() ?? level;
  };

  for (let index = 0; index < steps.count; index += 1) {
    const kind = steps.kind(index);
    if (
      level.groupLength !== undefined &&
      kind !== Step.ItemEnd &&
      steps.tag(index) >>> 16 !== level.groupLength.group
    )
      endGroup(steps, level, position);
    switch (kind) {
      case Step.Element:
      case Step.Given: {
        const length = steps.length(index);
        const swapped = steps.has(index, Flag.BigEndian) !== target.bigEndian;
        const vr = targetVr(steps.tag(index), steps.vr(index), length, target, swapped);
        steps.setVr(index, vr);
        position += headerLength(vr, target) + length + (length % 2);
        break;
      }
      case Step.GroupLength:
        position += HEADER + GROUP_LENGTH_BYTES;
        level.groupLength = { index, group: steps.tag(index) >>> 16, start: position };
        break;
      case Step.Sequence:
        if (!target.explicit && isSequenceOnlyByDelimiter(steps.tag(index)))
          steps.setFlag(index, Flag.Delimited);
        enter(index, headerLength(VR.SQ, target));
        break;
      case Step.Item:
        enter(index, HEADER);
        break;
      case Step.ItemEnd:
      case Step.SequenceEnd:
        leave();
        break;
    }
  }
  endGroup(steps, level, position);
  return position;
}

function headerLength(vr: Vr, { explicit }: Encoding): number {
  return explicit && vr.long ? LONG_HEADER : HEADER;
}

function endGroup(steps: Steps, level: Level, position: number): void {
  if (level.groupLength === undefined) return;
  steps.setLength(level.groupLength.index, position - level.groupLength.start);
  level.groupLength = undefined;
}

/** Returns the bytes of its delimiter, if it has one. What is longer than a length can tell gets one. */
function finishLength(steps: Steps, index: number, length: number): number {
  if (length >= UNDEFINED_LENGTH) steps.setFlag(index, Flag.Delimited);
  const delimited = steps.has(index, Flag.Delimited);
  steps.setLength(index, delimited ? UNDEFINED_LENGTH : length);
  return delimited ? HEADER : 0;
}
