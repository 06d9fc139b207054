// A microphone for Chromium: recorded words of the sandbox's callers, each at its moment, as one WAV file.
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

const RATE_HZ = 48_000;
const PER_SAMPLE = RATE_HZ / 8_000;

/** Writes a file in which each clip of `said`, [seconds, name], is heard at its time, and then silence to the end. */
export async function microphone(file, clips, said, lengthS) {
  const samples = new Int16Array(RATE_HZ * lengthS);
  for (const [atS, name] of said) {
    const mulaw = await readFile(path.join(clips, `${name}.ulaw`));
    const pcm = Int16Array.from(mulaw, linear);
    for (let at = 0; at < (pcm.length - 1) * PER_SAMPLE; at++) {
      const [n, part] = [Math.floor(at / PER_SAMPLE), (at % PER_SAMPLE) / PER_SAMPLE];
      samples[Math.round(atS * RATE_HZ) + at] = pcm[n] + (pcm[n + 1] - pcm[n]) * part;
    }
  }
  await writeFile(file, Buffer.concat([header(samples.byteLength), Buffer.from(samples.buffer)]));
}

/** G.711: one byte of µ-law as a sample. */
function linear(code) {
  const bits = ~code & 0xff;
  const size = (((bits & 0x0f) << 3) + 0x84) << ((bits & 0x70) >> 4);
  return bits & 0x80 ? 0x84 - size : size - 0x84;
}

function header(bytes) {
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + bytes, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(RATE_HZ, 24);
  header.writeUInt32LE(2 * RATE_HZ, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(bytes, 40);
  return header;
}
