// How soon each page of a running Frontdesk is painted first, and how much it weighs without audio. Called with its address,
// a key, and how often to look. Prints a line a page; nothing is kept between two looks.
import { chromium } from 'playwright-core';

const [address, key, times = '20'] = process.argv.slice(2);

async function look(browser, path) {
  const context = await browser.newContext({ baseURL: address, extraHTTPHeaders: { authorization: `Bearer ${key}` } });
  const page = await context.newPage();
  let bytes = 0;
  const devtools = await context.newCDPSession(page);
  await devtools.send('Network.enable');
  devtools.on('Network.loadingFinished', ({ encodedDataLength }) => { bytes += encodedDataLength; });
  await page.route('**/api/calls/*/audio', (route) => route.abort());
  await page.goto(path);
  const paint_ms = await page.evaluate(() => new Promise((told) => {
    new PerformanceObserver((list) => {
      const first = list.getEntries().find(({ name }) => name === 'first-contentful-paint');
      if (first) told(first.startTime);
    }).observe({ type: 'paint', buffered: true });
  }));
  await page.waitForTimeout(200);
  await context.close();
  return { paint_ms, bytes };
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
});
const found = await fetch(`${address}/api/calls?limit=1`, { headers: { authorization: `Bearer ${key}` } });
const { items: [call] } = await found.json();
const pages = ['/', '/calls', '/calls?text=haircut', `/calls/${call.id}`, '/live', '/appointments', '/login'];
console.log('page                  p50 ms   p95 ms      KB');
for (const path of pages) {
  const looks = [];
  for (let nth = 0; nth < Number(times); nth += 1) looks.push(await look(browser, path));
  const at = (percent) => looks.map(({ paint_ms }) => paint_ms).sort((a, b) => a - b)[Math.ceil((looks.length * percent) / 100) - 1];
  const heaviest = Math.max(...looks.map(({ bytes }) => bytes));
  const name = path.replace(call.id, '{id}').padEnd(20);
  console.log(`${name} ${at(50).toFixed(0).padStart(7)} ${at(95).toFixed(0).padStart(8)} ${(heaviest / 1024).toFixed(1).padStart(8)}`);
}
await browser.close();
