import { type ByteSource, cannotRecode, type ParsedDataSet, TAG } from '../dicom';
import { type FrameFragments, framesOf } from '../object';
import { beginsCodeStream } from './code-stream';

export const EXTENDED_OFFSET_TABLE = 0x7fe00001;

/**
 * Which fragments of the pixel data are which frame.
 * @param hasCodeStreams frames begin with one: one can see where a frame begins
 * @throws DicomError `cannot-recode` where that is not certain
 */
export function framesIn(
  source: ByteSource,
  dataSet: ParsedDataSet,
  numberOfFrames: number,
  hasCodeStreams: boolean,
): FrameFragments[] {
  const pixelData = dataSet.root.find(TAG.PixelData);
  if (pixelData?.fragments === undefined) throw cannotRecode('its pixel data is not encapsulated');
  const { offset, length, fragments } = pixelData;
  const table = dataSet.root.find(EXTENDED_OFFSET_TABLE);
  return framesOf(
    source,
    { offset, length, fragments },
    {
      numberOfFrames,
      extendedOffsets: table && source.read(table.offset, table.length),
      beginsFrame: hasCodeStreams ? beginsCodeStream : undefined,
    },
  );
}

const NOTHING = Buffer.alloc(0);

/** A frame's bytes. @throws DicomError `cannot-recode` where there are more than this */
export function bytesOfFrame(source: ByteSource, frame: FrameFragments, most: number): Buffer {
  const length = frame.reduce((sum, each) => sum + each.length, 0);
  if (length > most) throw cannotRecode(`a frame has more than ${most} bytes`);
  const [first = NOTHING, ...others] = frame.map((each) => source.read(each.offset, each.length));
  return others.length === 0 ? first : Buffer.concat([first, ...others], length);
}
