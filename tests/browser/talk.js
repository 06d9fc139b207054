// A visitor who talks from the page, in Chromium: by voice, with a WAV file as the microphone, interrupting and losing the
// socket; and by typing, without any microphone. Called with the address of a Frontdesk, an admin's key, a folder for
// screenshots, and the port of another site, which may open sessions as http://127.0.0.1 and not as http://localhost; without a
// port only voice is tried. Prints a line for each thing that was seen; the first that is not ends it with code 1.
import { mkdir, mkdtemp } from 'node:fs/promises';
import { createRequire } from 'node:module';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { microphone } from './wav.js';

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const [address, key, folder, shopPort] = process.argv.slice(2);
const VOICE_ONLY = !shopPort;
const CLIPS = fileURLToPath(new URL('../../fixtures/utterances', import.meta.url));
const TALK = '/talk/harbor-street-barbers';
const WAIT_MS = 45_000;

/** What the visitor says, and when, in seconds after the microphone was opened. */
const SAID = [[1.6, 'hold-on'], [12, 'open-wed-10'], [20.5, 'ada'], [26, 'phone-long'], [41, 'yes-please']];

function must(holds, what) {
  if (!holds) throw new Error(`not so: ${what}`);
  console.log(`ok  ${what}`);
}

/** A browser with this file as its microphone, or with none. */
async function started(file) {
  const microphone = ['--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream', `--use-file-for-fake-audio-capture=${file}%noloop`];
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', ...(file ? microphone : [])],
  });
}

async function opened(browser, options) {
  const context = await browser.newContext({ baseURL: address, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT_MS);
  page.faults = [];
  page.on('pageerror', (error) => page.faults.push(String(error)));
  return page;
}

const state = (page) => page.evaluate(() => window.frontdesk.state);
const stats = (page) => page.evaluate(() => window.frontdesk.stats);
const inState = (page, wanted) => page.waitForFunction((wanted) => window.frontdesk.state === wanted, wanted);
const said = (page, who, text) => page.locator(`#words li.${who}:not(.interim)`, { hasText: text }).first().waitFor();

async function byVoice(page) {
  await page.goto(TALK);
  await page.getByRole('button', { name: 'Talk', exact: true }).click();
  await inState(page, 'open');
  must((await page.evaluate(() => window.frontdesk.codec)) === 'opus', 'Opus is spoken both ways');
  // A model that makes no words of it lets us go on from the same place, and nothing is unheard.
  if (!VOICE_ONLY) await page.locator('#words s').first().waitFor();
  if (!VOICE_ONLY) must((await page.locator('#words s').count()) > 0, 'what the visitor did not hear is struck through');
  await said(page, 'caller', 'a haircut on Wednesday at ten');
  must((await stats(page)).bargeIn.length > 0, 'the interruption was measured in the sound itself');
  await shot(page, 'talk');
  await said(page, 'caller', 'Ada Lovelace');
  await said(page, 'assistant', 'at ten AM');
  await said(page, 'caller', 'Yes, please');
  await said(page, 'assistant', "I've booked a haircut");
  must(true, 'an appointment was booked by voice');
  const { session } = await page.evaluate(() => ({ session: window.frontdesk.session }));

  await page.evaluate(() => window.frontdesk.dropSocket());
  await said(page, 'assistant', 'cut off for a moment');
  must((await page.evaluate(() => window.frontdesk.session)) === session, 'the session outlives its socket');

  await page.getByRole('button', { name: /Mute/ }).click();
  must((await page.getByRole('button', { name: /Mute/ }).getAttribute('aria-pressed')) === 'true', 'it can be muted');
  await page.getByLabel('Or type').fill("no thanks, that's it");
  await page.keyboard.press('Enter');
  await said(page, 'assistant', 'Goodbye');
  await inState(page, 'over');
  must(page.faults.length === 0, `nothing broke on the page: ${page.faults}`);
  return session;
}

async function byTyping(page) {
  await page.goto(`${TALK}?codec=pcm16`);
  must(await fits(page), 'the page fits a narrow phone');
  await axed(page);
  await page.getByLabel('Or type').fill('A haircut on Thursday at three');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').filter({ hasText: 'microphone' }).waitFor();
  must(true, 'a microphone that is not there is explained');
  await said(page, 'assistant', 'name');
  await page.getByLabel('Or type').fill('Grace Hopper');
  await page.keyboard.press('Enter');
  await said(page, 'assistant', 'number');
  await page.getByLabel('Or type').fill('212 555 0199');
  await page.keyboard.press('Enter');
  await said(page, 'assistant', 'Shall I book it');
  await page.getByText('Keypad').click();
  await page.getByRole('button', { name: '1', exact: true }).click();
  await said(page, 'assistant', "I've booked a haircut");
  must(true, 'an appointment was booked by typing and a key, without a microphone');
  const { framesUp } = await stats(page);
  must(framesUp > 100, `silence goes out in its place: ${framesUp} frames`);
  await shot(page, 'talk-phone');
  await page.keyboard.press('Tab');
  await page.locator('body').press('Escape');
  await inState(page, 'over');
  must(page.faults.length === 0, `nothing broke on the page: ${page.faults}`);
}

/** Those who may not come in, each told why by a code and words. */
async function turnedAway(browser) {
  const page = await opened(browser);
  await page.goto(TALK);
  const token = (path) => page.evaluate(async (path) => (await (await fetch(path, { method: 'POST' })).json()).token, path);
  const closed = (page, steps) => page.evaluate(([url, steps]) => new Promise((resolve) => {
    const socket = new WebSocket(url, ['frontdesk.voice.v1']);
    socket.onopen = () => steps.forEach((step) => socket.send(step.binary ? new Uint8Array(step.binary) : JSON.stringify(step)));
    socket.onclose = ({ code, reason }) => resolve({ code, reason });
    setTimeout(() => resolve({ code: 0, reason: 'it stayed open' }), 8000);
  }), [`${address.replace('http', 'ws')}/voice-ws`, steps]);
  const hello = (token, audio = {}) => ({ type: 'hello', version: 1, token, audio: { up: 'pcm16', down: 'pcm16', rate_hz: 48000, ...audio } });

  const once = await token(`${TALK}/token`);
  must((await closed(page, [hello(once), { type: 'bye' }])).code === 1000, 'a token opens a session');
  const again = await closed(page, [hello(once)]);
  must(again.code === 4401 && /used before/.test(again.reason), `and only one: ${again.reason}`);
  const forged = await closed(page, [hello(`${once.slice(0, -4)}AAAA`)]);
  must(forged.code === 4401 && /not signed/.test(forged.reason), `a forged one opens none: ${forged.reason}`);
  const none = await closed(page, [hello(undefined)]);
  must(none.code === 4401, `nor does none: ${none.reason}`);
  const early = await closed(page, [{ binary: [1, 2, 0, 0, 0, 0, 0, 0] }]);
  must(early.code === 4400, `audio before the hello: ${early.reason}`);
  const rate = await closed(page, [hello('x', { rate_hz: 44100 })]);
  must(rate.code === 4406 && /44100/.test(rate.reason), `a wrong rate: ${rate.reason}`);
  const gone = await closed(page, [{ ...hello(undefined), resume: '00' }]);
  must(gone.code === 4404, `a session that is gone: ${gone.reason}`);
  await page.goto(`http://localhost:${shopPort}/`);
  const stranger = await closed(page, [hello('x')]);
  must(stranger.code === 4403, `another site: ${stranger.reason}`);
}

/** Another site with one tag of ours. */
async function embedded(browser) {
  const page = await opened(browser);
  await page.goto(`http://127.0.0.1:${shopPort}/`);
  await page.getByRole('button', { name: 'Talk to us' }).click();
  const panel = page.frameLocator('iframe[title="Talk to us"]');
  await panel.getByRole('button', { name: 'Talk', exact: true }).waitFor();
  must(true, 'one tag gives another site a button and the page behind it');
  await page.getByRole('button', { name: 'Close' }).press('Escape');
  must((await page.locator('iframe').count()) === 0, 'and it closes again');
}

function shop() {
  const html = `<!doctype html><title>Shop</title><h1>Shop</h1><script src="${address}/talk/embed.js" data-business="harbor-street-barbers" async></script>`;
  return http.createServer((_, answer) => answer.setHeader('content-type', 'text/html').end(html)).listen(Number(shopPort), '127.0.0.1');
}

async function onRecord(page, session) {
  const ask = (path) => page.evaluate(async ([path, key]) => {
    const answer = await fetch(path, { headers: { authorization: `Bearer ${key}` } });
    return answer.json();
  }, [path, key]);
  await page.goto(TALK);
  const { items: calls } = await ask('/api/calls?limit=20');
  const call = calls.find((call) => call.call_sid === session);
  must(call?.outcome === 'booked', `the session is a call on record: ${JSON.stringify(call)?.slice(0, 200)}`);
  const whole = await ask(`/api/calls/${call.id}`);
  const events = JSON.stringify(whole);
  must(/barge_in/.test(events) && /microphone/.test(events), 'with what its page measured and told');
  must(/"file_path"|"recordings"/.test(events), "and a recording");
}

async function fits(page) {
  return page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);
}

async function axed(page) {
  await page.evaluate(await (await import('node:fs/promises')).readFile(axe, 'utf8'));
  const { violations } = await page.evaluate(() => window.axe.run());
  must(violations.length === 0, `screen readers find their way: ${violations.map((one) => one.id)}`);
}

async function shot(page, name) {
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: path.join(folder, `${name}.png`), fullPage: true });
}

const wav = path.join(await mkdtemp(path.join(os.tmpdir(), 'talk-')), 'microphone.wav');
await microphone(wav, CLIPS, SAID, 90);
const browser = await started(wav);
const deaf = await started(null);
const site = VOICE_ONLY ? null : shop();
try {
  const talker = await opened(browser, { permissions: ['microphone'] });
  const session = await byVoice(talker);
  if (!VOICE_ONLY) {
    await byTyping(await opened(deaf, { viewport: { width: 320, height: 700 } }));
    await turnedAway(browser);
    await embedded(browser);
  }
  await onRecord(talker, session);
} catch (error) {
  console.error(error);
  for (const page of [...browser.contexts(), ...deaf.contexts()].flatMap((context) => context.pages())) {
    console.error(await page.locator('body').innerText(), page.faults);
  }
  process.exitCode = 1;
} finally {
  await Promise.all([browser.close(), deaf.close()]);
  site?.close();
}
