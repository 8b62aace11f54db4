import { createRequire } from 'node:module';

/** Renders the first frame of a file to RGBA. Resolves with false where it cannot. */
export type DicomjsImaging = (file: Buffer) => Promise<boolean>;

/** The part of dcmjs-imaging that is measured; it is no dependency of this package. */
interface Imaging {
  DicomImage: new (bytes: ArrayBuffer) => { render(options: object): { pixels: ArrayBuffer } };
  NativePixelDecoder: { initializeAsync(): Promise<void> };
}

/** Undefined: it is not installed. */
export async function renderedBy(): Promise<DicomjsImaging | undefined> {
  let imaging: Imaging;
  try {
    imaging = createRequire(__filename)('dcmjs-imaging') as Imaging;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
  await imaging.NativePixelDecoder.initializeAsync();
  return (file) => {
    try {
      new imaging.DicomImage(new Uint8Array(file).buffer).render({ frame: 0 });
      return Promise.resolve(true);
    } catch (error) {
      console.log(`  dcmjs-imaging: ${String(error)}`);
      return Promise.resolve(false);
    }
  };
}
