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
