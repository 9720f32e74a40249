import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { equitySvg } from '#bot/evidence/charts/equity-svg.ts';
import { renderPullRequest } from '#bot/evidence/render.ts';
import { createWorld, owner, repo, seed, type World } from '#tests/bot/forge/forge-under-test.ts';
import { sampleContext, samplePack } from '#tests/support/sample-pack.ts';

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
const svgPath = 'strategies/ema-cross/evidence/equity.svg';

describe.skipIf(executablePath === undefined)('the pull request page in a real browser', () => {
  let world: World;
  let browser: Browser;
  let address: string;
  const complaints: string[] = [];

  beforeAll(async () => {
    world = await createWorld();
    const branch = 'evolve/ema-cross/20260301-1';
    const pack = samplePack();
    const { main, heads } = await seed(world, { [branch]: { [svgPath]: await equitySvg(pack), 'a.txt': 'one\n2\nthree\n' } });
    const head = heads[branch]!;
    const context = sampleContext({
      repositoryUrl: `${world.forge.url}/${owner}/${repo}`,
      base: { ref: 'main', sha: main },
      head: { ref: branch, sha: head },
    });
    const bot = world.bot();
    const pull = await bot.rest.pulls.create({ owner, repo, ...renderPullRequest(pack, context), head: branch, base: 'main' });
    await bot.rest.checks.create({ owner, repo, name: 'gate', head_sha: head, status: 'completed', conclusion: 'success' });
    world.forge.protectBranch(owner, repo, 'main', {
      requiredChecks: [{ context: 'gate', appId: world.app.appId }],
      enforceAdmins: false,
    });
    address = `${world.forge.url}/${owner}/${repo}/pull/${pull.data.number}`;
    browser = await chromium.launch({ executablePath: executablePath!, args: ['--no-sandbox', '--disable-gpu'] });
  });

  afterAll(async () => {
    await browser?.close();
    await world?.close();
  });

  async function open(options: Parameters<Browser['newContext']>[0], isMember = false): Promise<Page> {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    page.on('console', (message) => {
      if (message.type() !== 'log') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    if (isMember) await page.goto(world.forge.loginUrl(owner));
    await page.goto(address);
    return page;
  }

  it.each([
    ['light and wide', { colorScheme: 'light', viewport: { width: 1280, height: 900 } }],
    ['dark and narrow', { colorScheme: 'dark', viewport: { width: 390, height: 800 } }],
  ] as const)('draws the chart and fits the window: %s', async (_name, options) => {
    const page = await open(options);
    await page.waitForSelector('.chart.drawn .chart-drawing svg path');
    expect(await page.locator('.chart-drawing svg').first().boundingBox()).toMatchObject({ height: expect.any(Number) });
    expect(await page.locator('.chart-source').first().isVisible()).toBe(false);
    // Read as text: this project is compiled without the browser's types.
    expect(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')).toBe(true);
    const title = page.locator('.chart-drawing svg .chart-title text').first();
    const ink = options.colorScheme === 'dark' ? '#f0f6fc' : '#1f2328';
    expect(await title.getAttribute('fill')).toBe(ink);
    const ground = await page.evaluate('getComputedStyle(document.body).backgroundColor');
    expect(ground).toBe(options.colorScheme === 'dark' ? 'rgb(13, 17, 23)' : 'rgb(255, 255, 255)');
    // The second chart is folded away: it is there when someone opens it.
    const folded = page.locator('details', { hasText: 'below its last peak' }).first();
    await folded.locator('summary').click();
    await expect.poll(async () => (await folded.locator('.chart-drawing svg').boundingBox())?.height ?? 0).toBeGreaterThan(100);
    await page.context().close();
  });

  it('shows the committed drawing among the changed files', async () => {
    const page = await open({});
    await page.goto(`${address}/files`);
    const picture = page.locator('.picture img');
    await picture.scrollIntoViewIfNeeded();
    await expect.poll(() => page.evaluate('document.querySelector(".picture img").naturalWidth')).toBeGreaterThan(900);
    await page.context().close();
  });

  it('reads the same without scripts, the chart as its source', async () => {
    const page = await open({ javaScriptEnabled: false });
    expect(await page.locator('.chart-source').first().isVisible()).toBe(true);
    expect(await page.locator('h1').first().textContent()).toContain('Tune ema-cross');
    await page.context().close();
  });

  it('takes a comment, looks again by itself, and merges', async () => {
    const page = await open({}, true);
    await page.fill('#body', 'Read it. **Merging.**');
    await page.getByRole('button', { name: 'Comment', exact: true }).click();
    await page.waitForURL(/#issuecomment-/);
    expect(await page.locator('.comment strong', { hasText: 'Merging.' }).count()).toBe(1);
    const number = Number(address.split('/').at(-1));
    await world.as('writer').rest.issues.createComment({ owner, repo, issue_number: number, body: 'So be it' });
    await page.locator('.comment', { hasText: 'So be it' }).waitFor({ timeout: 10_000 });
    await page.getByRole('button', { name: 'Merge', exact: true }).click();
    await page.locator('.state.merged').first().waitFor();
    expect((await world.as('reader').rest.pulls.get({ owner, repo, pull_number: number })).data.merged).toBe(true);
    await page.context().close();
  });

  it('gave the browser nothing to complain about', () => {
    expect(complaints).toEqual([]);
  });
});
