// Measures in Chromium how soon the page falls silent when a visitor speaks into an answer: on the clock of its audio graph, from
// the microphone's first loud sample to the speaker's first silent one. Called with the address of a Frontdesk and how
// many interruptions are wanted. Also prints how soon words were on the page after the server had sent them.
import { mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { microphone } from './wav.js';

const [address, wanted = '20'] = process.argv.slice(2);
const CLIPS = fileURLToPath(new URL('../../fixtures/utterances', import.meta.url));
const CUTS = ['wait', 'hold-on', 'no', 'how-much', 'say-again'];

/** A question every ten seconds, and three seconds into its answer somebody cuts in. */
const EVERY_S = 10;
const INTO_S = 3;

const quantile = (values, q) => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(q * values.length))];
const told = (what, values) => console.log(`${what}: ${values.length}, p50 ${quantile(values, 0.5)?.toFixed(0)} ms, p95 ${quantile(values, 0.95)?.toFixed(0)} ms, most ${Math.max(...values).toFixed(0)} ms`);

const rounds = Number(wanted);
const file = path.join(await mkdtemp(path.join(os.tmpdir(), 'bargein-')), 'microphone.wav');
const said = Array.from({ length: rounds }, (_, round) => [6 + round * EVERY_S + INTO_S, CUTS[round % CUTS.length]]);
await microphone(file, CLIPS, said, 6 + (rounds + 1) * EVERY_S);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream', `--use-file-for-fake-audio-capture=${file}%noloop`],
});
const page = await (await browser.newContext({ baseURL: address, permissions: ['microphone'] })).newPage();
await page.addInitScript(() => {
  window.wordsAfterMs = [];
  const wrapped = WebSocket.prototype;
  const { set } = Object.getOwnPropertyDescriptor(wrapped, 'onmessage');
  Object.defineProperty(wrapped, 'onmessage', {
    set(handle) {
      set.call(this, (event) => {
        const came = performance.now();
        handle(event);
        if (typeof event.data === 'string' && event.data.includes('"who":"caller"')) window.wordsAfterMs.push(performance.now() - came);
      });
    },
  });
});
await page.goto('/talk/harbor-street-barbers');
await page.click('#talk');
await page.waitForFunction(() => window.frontdesk.state === 'open');
await page.waitForTimeout(6_000);
for (let round = 0; round < rounds; round++) {
  await page.fill('#typed', 'When are you open?');
  await page.keyboard.press('Enter');
  await page.waitForTimeout(EVERY_S * 1_000);
}
const { bargeIn, underruns, words } = await page.evaluate(() => ({ ...window.frontdesk.stats, words: window.wordsAfterMs }));
told('voice to silence', bargeIn);
told('words shown after they came', words);
console.log(`buffer ran dry ${underruns} times`);
await browser.close();
