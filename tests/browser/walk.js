// Does in Chromium what an analyst does, and looks at each page in both colour schemes. Called with the address of a
// Frontdesk that has calls, an admin's key, an analyst's, and a folder for screenshots. Prints a line for each thing that was seen; the first
// that is not ends it with its reason and code 1.
import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const [address, key, lesserKey, folder] = process.argv.slice(2);
const WIDTHS = { desk: { width: 1280, height: 900 }, phone: { width: 375, height: 780 } };
const WAIT_MS = 20_000;

function must(holds, what) {
  if (!holds) throw new Error(`not so: ${what}`);
  console.log(`ok  ${what}`);
}

async function opened(browser, scheme, viewport) {
  const context = await browser.newContext({ colorScheme: scheme, viewport, baseURL: address, acceptDownloads: true });
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT_MS);
  page.faults = [];
  page.on('pageerror', (error) => page.faults.push(String(error)));
  page.on('console', (message) => { if (message.type() === 'error') page.faults.push(message.text()); });
  return page;
}

async function logIn(page, to = '/', secret = key) {
  await page.goto(`/login?next=${encodeURIComponent(to)}`);
  await page.getByLabel('Key').fill(secret);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.waitForURL((url) => url.pathname === to);
}

async function analyst(page) {
  await page.goto('/calls');
  must(new URL(page.url()).pathname === '/login', 'a stranger is led to the login');
  await logIn(page, '/calls');
  must((await page.locator('.rows tbody tr').count()) > 0, 'calls are listed');

  await page.getByLabel('Outcome').selectOption('booked');
  await page.getByRole('button', { name: 'Show' }).click();
  await page.waitForURL(/outcome=booked/);
  const outcomes = await page.locator('.rows tbody .tag').allTextContents();
  must(outcomes.length > 0 && outcomes.every((text) => text === 'booked'), 'only booked calls are left');

  await page.getByLabel('Words in the transcript').fill('haircut');
  await page.keyboard.press('Enter');
  await page.waitForURL(/text=haircut/);
  must(/outcome=booked/.test(page.url()), 'the search keeps the filter in the address');
  const hits = await page.locator('.rows mark').allTextContents();
  must(hits.length > 0 && hits.every((text) => /^haircut/i.test(text)), 'hits are marked');
  await shot(page, 'search');

  await page.locator('.rows tbody tr a').first().click();
  await page.waitForURL(/\/calls\/[0-9a-f-]{36}/);
  await page.locator('.said .w').first().waitFor();
  must((await page.locator('audio').count()) === 1, 'the newest call has a recording');
  await plays(page);
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Transcript, CSV' }).click()]);
  must(file.suggestedFilename().endsWith('.csv'), 'the transcript is exported');
}

async function plays(page) {
  await page.waitForFunction(() => document.querySelector('#caller polygon').points.length > 100);
  must(true, 'the waveform is drawn');
  const word = page.locator('.said .w').nth(6);
  const from_s = Number(await word.getAttribute('data-from')) / 1000;
  await word.click();
  await page.waitForFunction((from) => document.querySelector('audio').currentTime >= from, from_s);
  must((await page.evaluate(() => document.querySelector('audio').currentTime)) < from_s + 5, 'a word that is clicked is played');
  await page.waitForFunction(() => !document.querySelector('audio').paused && document.querySelector('.said li.now .w.now'));
  must(true, 'the transcript follows the audio');
  await page.locator('.wave').focus();
  const before = await page.evaluate(() => document.querySelector('audio').currentTime);
  await page.keyboard.press('ArrowRight');
  await page.waitForFunction((at) => document.querySelector('audio').currentTime > at + 4, before);
  must(true, 'the right arrow goes on by five seconds');
  await page.keyboard.press(' ');
  await page.waitForFunction(() => document.querySelector('audio').paused);
  must(true, 'the space bar pauses');
  await shot(page, 'call');
}

// Who may see figures and words sees no number and no recording, and is told so.
async function limited(browser, call) {
  const page = await opened(browser, 'light', WIDTHS.desk);
  await logIn(page, '/calls', lesserKey);
  const callers = await page.locator('.rows tbody td.end').allTextContents();
  must(callers.length > 0 && callers.every((text) => !/\d{5}/.test(text)), 'an analyst sees no number');
  await page.goto(`/calls/${call}`);
  must(await page.getByText('Recordings are for managers').isVisible(), 'an analyst is told that recordings are not for them');
  must((await page.locator('audio').count()) === 0 && (await page.locator('.said li').count()) > 4, 'and reads the transcript');
  await page.context().close();
}

// The test takes the recording away; the page says so and still works.
async function lost(browser, call) {
  console.log('TAKE THE RECORDINGS AWAY');
  // A browser that has heard the call may have it still.
  const page = await opened(browser, 'light', WIDTHS.desk);
  await logIn(page);
  await page.waitForFunction((path) => fetch(path).then(({ status }) => status === 410), `/api/calls/${call}/audio`);
  await page.goto(`/calls/${call}`);
  await page.locator('#no-audio').waitFor();
  must((await page.locator('.said .w').count()) > 10, 'a call whose recording is lost can be read');
  await page.locator('.said .w').nth(3).click();
  must(page.faults.every((fault) => /410|Failed to load/.test(fault)), `and nothing on it fails ${page.faults.join('; ')}`);
}

// Every page in both schemes and at both widths: no serious fault, nothing wider than the screen, no error in a script.
async function looks(browser, call) {
  const pages = { overview: '/', calls: '/calls', call: `/calls/${call}`, live: '/live', appointments: '/appointments', messages: '/messages', login: '/login' };
  for (const scheme of ['light', 'dark']) {
    for (const [width, viewport] of Object.entries(WIDTHS)) {
      const page = await opened(browser, scheme, viewport);
      await logIn(page);
      for (const [name, path] of Object.entries(pages)) {
        await page.goto(path);
        if (name === 'call') await page.waitForFunction(() => document.querySelector('#caller polygon').points.length > 100);
        await shot(page, `${name}-${width}-${scheme}`);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        must(wide <= 0, `${name} fits a ${width} (${scheme})`);
      }
      must(page.faults.length === 0, `no script fails (${width}, ${scheme}) ${page.faults.join('; ')}`);
      await page.context().close();
    }
  }
}

// The policy of our pages lets no script in, and axe is one: it is put in by a context that is without the policy.
async function accessible(browser, call) {
  const pages = ['/', '/calls', `/calls/${call}`, '/live', '/appointments', '/messages', '/login'];
  for (const colorScheme of ['light', 'dark']) {
    const context = await browser.newContext({ colorScheme, bypassCSP: true, baseURL: address });
    const page = await context.newPage();
    await logIn(page);
    for (const path of pages) {
      await page.goto(path);
      await page.addScriptTag({ path: axe });
      const { violations } = await page.evaluate(() => window.axe.run());
      const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
      const told = serious.map(({ id, nodes }) => `${id} ${nodes.map((node) => node.html.slice(0, 160)).join(' | ')}`);
      must(serious.length === 0, `nobody is shut out of ${path.replace(call, '…')} (${colorScheme}) ${told.join('\n')}`);
    }
    await context.close();
  }
}

// The test places a call beside us; it is to appear, and its words with it.
async function live(page) {
  await page.goto('/live');
  console.log('READY');
  const hearing = page.locator('.calls-live .said [data-key="hearing"]').first().waitFor({ timeout: 60_000 });
  await page.locator('.calls-live .said li.assistant').first().waitFor({ timeout: 60_000 });
  must(true, 'a call that goes on appears with its words');
  await hearing;
  must(true, 'a caller’s words appear while they are said');
  await page.locator('.calls-live .said li.caller:not([data-key="hearing"])').first().waitFor({ timeout: 60_000 });
  must(true, 'and the caller’s words come, too');
  await shot(page, 'following');
}

async function shot(page, name) {
  await page.screenshot({ path: `${folder}/${name}.png`, fullPage: false });
}

await mkdir(folder, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--autoplay-policy=no-user-gesture-required'],
});
try {
  const page = await opened(browser, 'light', WIDTHS.desk);
  await analyst(page);
  const call = new URL(page.url()).pathname.split('/')[2];
  await looks(browser, call);
  await accessible(browser, call);
  await limited(browser, call);
  await live(page);
  await lost(browser, call);
} catch (error) {
  console.log(`FAILED ${error.stack ?? error}`);
  process.exitCode = 1;
} finally {
  await browser.close();
}
