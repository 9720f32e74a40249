import { execFile, execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { checkStrategy } from '#engine/sandbox/check-strategy.ts';

const run = promisify(execFile);
const root = mkdtempSync(join(tmpdir(), 'ratchet-check-'));
afterAll(() => rmSync(root, { recursive: true }));

const GOOD = `import { defineStrategy, ema } from 'ratchet/contract';

export default defineStrategy({
  symbols: ['BTC/USDT'],
  timeframe: '1h',
  warmupBars: (p) => p.slow,
  parameters: { slow: { default: 21, min: 5, max: 100, step: 1, description: 'bars of the slow average' } },
  indicators: (p) => ({ slow: ema(p.slow) }),
  onBar: (context) => context.hold('nothing to do'),
});
`;

let count = 0;
function folder(files: Record<string, string>): string {
  count += 1;
  const path = join(root, `strategy-${count}`);
  mkdirSync(path);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return path;
}
const manifest = (entry: string) => `id: ema-cross\ndescription: a test\nstage: paper\nentry: ${entry}\n`;

describe('checkStrategy', () => {
  it('passes a good file, and a folder by its manifest, as the same artifact', async () => {
    const path = folder({ 'strategy.ts': GOOD, 'manifest.yaml': manifest('strategy.ts') });
    const [ofFolder, ofFile] = [await checkStrategy(path), await checkStrategy(join(path, 'strategy.ts'))];
    expect(ofFolder).toMatchObject({ ok: true });
    expect(ofFile).toEqual(ofFolder);
  });

  it.each([['../strategy.ts'], ['/etc/passwd'], ['sub/strategy.ts'], ['.hidden.ts']])(
    'refuses a manifest whose entry is %s',
    async (entry) => {
      const path = folder({ 'strategy.ts': GOOD, 'manifest.yaml': manifest(entry) });
      await expect(checkStrategy(path)).rejects.toMatchObject({ code: 'sandbox/manifest' });
    },
  );

  it('refuses a link in place of a file or of the folder', async () => {
    const outside = folder({ 'strategy.ts': GOOD });
    const path = folder({ 'manifest.yaml': manifest('strategy.ts') });
    symlinkSync(join(outside, 'strategy.ts'), join(path, 'strategy.ts'));
    await expect(checkStrategy(path)).rejects.toMatchObject({ code: 'sandbox/link' });
    await expect(checkStrategy(join(path, 'strategy.ts'))).rejects.toMatchObject({ code: 'sandbox/link' });
    symlinkSync(outside, join(root, 'linked'));
    await expect(checkStrategy(join(root, 'linked'))).rejects.toMatchObject({ code: 'sandbox/link' });
  });

  it('refuses a link beside the strategy, and one in place of the manifest', async () => {
    const outside = folder({ 'manifest.yaml': manifest('strategy.ts') });
    const beside = folder({ 'strategy.ts': GOOD, 'manifest.yaml': manifest('strategy.ts') });
    symlinkSync('/etc/hostname', join(beside, 'notes.txt'));
    await expect(checkStrategy(beside)).rejects.toMatchObject({ code: 'sandbox/link' });
    const instead = folder({ 'strategy.ts': GOOD });
    symlinkSync(join(outside, 'manifest.yaml'), join(instead, 'manifest.yaml'));
    await expect(checkStrategy(instead)).rejects.toMatchObject({ code: 'sandbox/link' });
  });

  it('judges a file with a second name by what it holds', async () => {
    const path = folder({ 'strategy.ts': GOOD });
    linkSync(join(path, 'strategy.ts'), join(path, 'again.ts'));
    expect(await checkStrategy(join(path, 'again.ts'))).toMatchObject({ ok: true });
    writeFileSync(join(path, 'strategy.ts'), 'let x = 1;');
    expect(await checkStrategy(join(path, 'again.ts'))).toMatchObject({ ok: false });
  });

  it.each([
    ['a pipe, which would never end', (path: string) => execFileSync('mkfifo', [path])],
    ['a folder', (path: string) => mkdirSync(path)],
  ])('refuses %s in place of the entry', async (_name, make) => {
    const path = folder({ 'manifest.yaml': manifest('strategy.ts') });
    make(join(path, 'strategy.ts'));
    await expect(checkStrategy(path)).rejects.toMatchObject({ code: 'sandbox/no-strategy' });
  });

  it('refuses bytes that are no text, and sees a byte order mark', async () => {
    const path = folder({ 'strategy.ts': GOOD });
    writeFileSync(join(path, 'bytes.ts'), Buffer.concat([Buffer.from(GOOD), Buffer.from([0x2f, 0x2f, 0xff, 0xfe])]));
    await expect(checkStrategy(join(path, 'bytes.ts'))).rejects.toMatchObject({ code: 'sandbox/not-text' });
    writeFileSync(join(path, 'marked.ts'), `\ufeff${GOOD}`);
    expect(await checkStrategy(join(path, 'marked.ts'))).toMatchObject({
      ok: false,
      findings: [{ rule: 'sandbox/hidden-character', line: 1, column: 1 }],
    });
  });

  it('refuses what is too large to be a strategy without reading it', async () => {
    const path = folder({ 'strategy.ts': GOOD });
    writeFileSync(join(path, 'large.ts'), '');
    truncateSync(join(path, 'large.ts'), 2 ** 40);
    await expect(checkStrategy(join(path, 'large.ts'))).rejects.toMatchObject({ code: 'sandbox/too-large' });
  });

  it('names the entry a manifest promises in vain', async () => {
    const path = folder({ 'strategy.ts': GOOD, 'manifest.yaml': manifest('other.ts') });
    expect(await checkStrategy(path)).toMatchObject({ ok: false, findings: [{ rule: 'sandbox/entry', file: 'other.ts' }] });
  });

  it('refuses an alias bomb in the manifest', async () => {
    const bomb = `a: &a [1,1]\nb: &b [*a,*a]\nc: [*b,*b]\n${manifest('strategy.ts')}`;
    await expect(checkStrategy(folder({ 'strategy.ts': GOOD, 'manifest.yaml': bomb }))).rejects.toMatchObject({
      code: 'sandbox/manifest',
    });
  });

  it('says what is not there', async () => {
    await expect(checkStrategy(join(root, 'nowhere'))).rejects.toMatchObject({ code: 'sandbox/no-strategy' });
    await expect(checkStrategy(folder({ 'strategy.ts': GOOD }))).rejects.toMatchObject({ code: 'sandbox/manifest' });
  });

  it('finds what only loading shows, with its line', async () => {
    const path = folder({
      'strategy.ts': `import { ema } from 'ratchet/contract';\n\nconst LEVELS = [1].concat(null!)[1].x;\nexport default { onBar: () => LEVELS, ema };\n`,
    });
    const verdict = await checkStrategy(join(path, 'strategy.ts'));
    expect(verdict).toMatchObject({ ok: false, findings: [{ rule: 'sandbox/strategy-fault', line: 3 }] });
    const notOne = folder({ 'strategy.ts': `export default 7;\n` });
    expect(await checkStrategy(join(notOne, 'strategy.ts'))).toMatchObject({
      ok: false,
      findings: [{ message: expect.stringMatching(/no strategy/) }],
    });
  });
});

describe('ratchet sandbox check', () => {
  const program = fileURLToPath(new URL('./run-sandbox-command.ts', import.meta.url));
  const ratchet = (...args: string[]) =>
    run(process.execPath, ['--import', 'tsx', program, 'check', ...args]).then(
      ({ stdout }) => ({ exitCode: 0, stdout }),
      (error: { code: number; stdout: string }) => ({ exitCode: error.code, stdout: error.stdout }),
    );

  it('prints the verdict and exits 0 or 1', async () => {
    const good = await ratchet(join(folder({ 'strategy.ts': GOOD }), 'strategy.ts'));
    expect(good).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/passes and loads\. Artifact sha256:[0-9a-f]{64}\n$/),
    });
    const bad = await ratchet(
      join(folder({ 'strategy.ts': GOOD.replace(`'nothing to do'`, 'process.env.HOME') }), 'strategy.ts'),
    );
    expect(bad.exitCode).toBe(1);
    expect(bad.stdout).toMatch(/strategy\.ts:9:36 'process' is refused: .* \[sandbox\/no-global\]/);
  });

  it('prints one object with --json', async () => {
    const { stdout } = await ratchet(join(folder({ 'strategy.ts': 'let x = 1;' }), 'strategy.ts'), '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      findings: expect.arrayContaining([expect.objectContaining({ rule: 'sandbox/no-module-state', line: 1 })]),
    });
  });
});
