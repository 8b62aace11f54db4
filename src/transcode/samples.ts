/** Bytes of which each becomes 16 bits, little endian. */
export function widened(bytes: Buffer): Buffer {
  const wide = Buffer.alloc(bytes.length * 2);
  for (let index = 0; index < bytes.length; index += 1) wide[index * 2] = bytes[index] ?? 0;
  return wide;
}

/** Planes one after the other become pixels one after the other (Planar Configuration 1 becomes 0). */
export function interleaved(planes: Buffer, samples: number, bytesPerSample: number): Buffer {
  const pixels = Buffer.allocUnsafeSlow(planes.length);
  const count = planes.length / (samples * bytesPerSample);
  let from = 0;
  for (let sample = 0; sample < samples; sample += 1) {
    for (let pixel = 0; pixel < count; pixel += 1) {
      const to = (pixel * samples + sample) * bytesPerSample;
      for (let byte = 0; byte < bytesPerSample; byte += 1, from += 1) pixels[to + byte] = planes[from] ?? 0;
    }
  }
  return pixels;
}

/**
 * Pixels of one bit, eight to a byte, the first one in the lowest bit; the next frame goes on where the one before has ended
 * (PS3.5 8.1.1, 8.2).
 */
export class PackedBits {
  private byte = 0;
  private count = 0;

  /** @param pixels a byte each. @returns the bytes that are full */
  add(pixels: Buffer): Buffer {
    const bytes = Buffer.alloc((this.count + pixels.length) >> 3);
    let at = 0;
    for (const pixel of pixels) {
      this.byte |= (pixel & 1) << this.count;
      this.count += 1;
      if (this.count < 8) continue;
      bytes[at] = this.byte;
      at += 1;
      this.byte = 0;
      this.count = 0;
    }
    return bytes;
  }

  /** The last byte, where it is not full. */
  get rest(): Buffer | undefined {
    return this.count === 0 ? undefined : Buffer.from([this.byte]);
  }
}
