import type { MessagePort } from 'node:worker_threads';
import { beat } from '../basics';
import {
  type ByteSource,
  CannotRecode,
  encapsulatedDocument,
  parseDataSet,
  type ParsedDataSet,
  uidName,
} from '../dicom';
import { type Given, openGiven } from '../edit';
import { type OutgoingObject, whileFetching } from '../object';
import { type Decoder, encodeJpeg, LocalDecoder } from '../transcode';
import { Tag } from './attributes';
import { colourRaster, printable } from './colour';
import { chosenFrames, MOST_PICTURE_BYTES } from './frame-choice';
import { FrameReader, MOST_PIXELS } from './frame-reader';
import { greyRaster } from './grey';
import { NoPicture } from './no-picture';
import { drawOverlays } from './overlays';
import { encodePng } from './png';
import { type Raster, withoutPalette } from './raster';
import type { Picture, Pictures, PictureTask } from './requests';
import { aspectOf, fitted } from './scale';

const decoder = new LocalDecoder();
const JPEG_QUALITY = 90;
const PDF = 'application/pdf';
/** To which pixels are stretched that are no squares: a picture has no more of them than a frame may have. */
const MOST_EDGE = Math.sqrt(MOST_PIXELS);
const CONTENT_SEQUENCE = 0x0040a730;

/** Pictures of a given object, with its pending changes. @throws NoPicture; as `openGiven` */
export async function pictures(
  given: Given,
  port: MessagePort | undefined,
  task: PictureTask,
): Promise<Pictures> {
  // A large one of a queue is read where it lies; one that is changed on the way is not.
  const object = await openGiven(given, port, given.changes === undefined);
  try {
    return await picturesOf(object, task);
  } catch (error) {
    if (error instanceof CannotRecode) throw new NoPicture(error.reason, { cause: error });
    throw error;
  } finally {
    await object.close();
  }
}

async function picturesOf(object: OutgoingObject, task: PictureTask): Promise<Pictures> {
  const { source, offset, compare } = await object.wholeFile();
  const { transferSyntaxUID } = object;
  const dataSet = await whileFetching(() => parseDataSet(source, { transferSyntaxUID, offset }));
  const made =
    (await whileFetching(() => documentIn(dataSet, source))) ??
    (await rendered(dataSet, source, transferSyntaxUID, task, decoder));
  await compare();
  return made;
}

/** The document of an object that encapsulates one; undefined: it does not. @throws NoPicture where it is no PDF */
function documentIn(dataSet: ParsedDataSet, source: ByteSource): Pictures | undefined {
  if (dataSet.root.find(Tag.EncapsulatedDocument) === undefined) return undefined;
  const document = encapsulatedDocument(dataSet, source);
  if (document === undefined) throw new NoPicture('its document is empty, or too large');
  const { mediaType, data } = document;
  if (mediaType !== PDF) throw new NoPicture('its document is no PDF, and has no picture');
  return { pictures: [{ mediaType, data }], frames: 0 };
}

async function rendered(
  dataSet: ParsedDataSet,
  source: ByteSource,
  transferSyntaxUID: string,
  task: PictureTask,
  decode: Decoder,
): Promise<Pictures> {
  const { root, identity } = dataSet;
  if (root.find(CONTENT_SEQUENCE) !== undefined)
    throw new NoPicture('it is a report; its text is in payload.Report of its own message');
  const reader = readerOf();
  const { frames } = reader.image;
  const made: Picture[] = [];
  let bytes = 0;
  for (const number of chosenFrames(task.frame, frames)) {
    beat();
    const raster = await whileFetching(() => rasterOf(reader, dataSet, source, number, task));
    const most = Math.max(MOST_EDGE, raster.width, raster.height);
    const shown = fitted(raster, aspectOf(root, number), task.longestEdge === 0 ? most : task.longestEdge);
    const picture = { ...(await encoded(shown, task.format)), frame: number + 1 };
    bytes += picture.data.length;
    if (bytes > MOST_PICTURE_BYTES)
      throw new NoPicture(`its pictures have more than ${MOST_PICTURE_BYTES} bytes`);
    made.push(picture);
  }
  return { pictures: made, frames };

  function readerOf(): FrameReader {
    try {
      return new FrameReader(source, dataSet, transferSyntaxUID, decode);
    } catch (error) {
      const { sopClassUID = '' } = identity;
      const kind = uidName(sopClassUID);
      if (error instanceof NoPicture && kind !== undefined)
        throw new NoPicture(`${error.message} (${kind})`, { cause: error });
      throw error;
    }
  }
}

/** One frame as it is to be seen, pixel for pixel. @param number from 0 on. @throws NoPicture, CannotRecode, DicomError */
export async function rasterOf(
  reader: FrameReader,
  { root, inflated }: ParsedDataSet,
  given: ByteSource,
  number: number,
  { window, overlays }: Pick<PictureTask, 'window' | 'overlays'>,
): Promise<Raster> {
  const source = inflated ?? given;
  const frame = await reader.read(number);
  const { photometric, samples } = frame;
  const isGrey = samples === 1 && photometric.startsWith('MONOCHROME');
  if (samples === 1 && !isGrey && photometric !== 'PALETTE COLOR')
    throw new NoPicture(`its colours are ${printable(photometric)}`);
  const raster = isGrey ? greyRaster(frame, root, number, source, window) : colourRaster(frame, root, source);
  if (!overlays) return raster;
  const drawn = withoutPalette(raster);
  drawOverlays(drawn, frame, root, number, source);
  return drawn;
}

async function encoded(raster: Raster, format: PictureTask['format']): Promise<Picture> {
  const { width, height } = raster;
  if (format === 'png') return { mediaType: 'image/png', data: encodePng(raster), width, height };
  const { channels, data } = withoutPalette(raster);
  const picture = { rows: height, columns: width, samples: channels, pixels: data, quality: JPEG_QUALITY };
  return { mediaType: 'image/jpeg', data: await encodeJpeg(picture), width, height };
}
