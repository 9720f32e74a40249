import { chromium } from 'playwright-core';
import { RatchetProcess, temporaryFolder } from './ratchet-process.ts';

/** `npm run picture`: runs the loop on the simulated market and photographs its pull request for the README. */
const OUTPUT = 'docs/pull-request.png';
const SIZE = { width: 1180, height: 1560 };

const folder = temporaryFolder('picture');
const ratchet = new RatchetProcess(['up', '--workspace', `${folder.path}/var`, '--port', '0', '--seed', process.argv[2] ?? '7']);
try {
  const [, url] = await ratchet.says(/Read it {3}(\S+)/, 180_000);
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  });
  const page = await browser.newPage({ viewport: SIZE, deviceScaleFactor: 1 });
  await page.goto(url!);
  await page.waitForSelector('.chart.drawn .chart-drawing svg path', { timeout: 30_000 });
  await page.screenshot({ path: OUTPUT });
  await browser.close();
  console.log(`${OUTPUT}: ${url}`);
} finally {
  await ratchet.kill('SIGINT');
  folder.remove();
}
