import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { temporaryFolder } from '#tests/support/ratchet-process.ts';

const run = promisify(execFile);
const BUNDLED = pathToFileURL(resolve('bot/cli/bundled.js')).href;

let folder: ReturnType<typeof temporaryFolder>;
const write = (name: string, text: string) => writeFileSync(join(folder.path, name), text);
beforeEach(() => {
  folder = temporaryFolder('bundled');
  mkdirSync(join(folder.path, 'node_modules'));
  mkdirSync(join(folder.path, 'words'));
  write('package.json', '{ "type": "module" }');
  write('main.ts', "import { word } from './words/word.ts';\nconsole.log(word satisfies string);");
  write(
    'words/word.ts',
    "import { readFileSync } from 'node:fs';\nexport const word: string = readFileSync(new URL('./word.txt', import.meta.url), 'utf8');",
  );
  write('words/word.txt', 'one');
});
afterEach(() => folder.remove());

const script = async (text: string) => {
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', text]);
  return stdout.trim();
};
const bundle = () =>
  script(
    `import { bundled } from '${BUNDLED}'; console.log(await bundled(${JSON.stringify(join(folder.path, 'main.ts'))}, ${JSON.stringify(folder.path)}));`,
  );
const says = async () => script(`await import(${JSON.stringify(await bundle())})`);

it('runs as the files do, which find what stands beside them', async () => {
  expect(await says()).toBe('one');
});

it('is kept while nothing changes, and made anew when a file does, or is gone', async () => {
  const first = await bundle();
  expect(await bundle()).toBe(first);
  write('words/word.ts', "export const word: string = 'two';");
  expect(await bundle()).not.toBe(first);
  expect(await says()).toBe('two');
  // Whoever began with the old one still finds it.
  expect(readFileSync(fileURLToPath(first), 'utf8')).toContain('word.txt');
  rmSync(join(folder.path, 'words/word.ts'));
  await expect(bundle()).rejects.toThrow('Could not resolve "./words/word.ts"');
});

it('is whole for each of several that start at once', async () => {
  expect(new Set(await Promise.all([bundle(), bundle(), bundle()])).size).toBe(1);
  const cache = join(folder.path, 'node_modules/.cache/ratchet');
  expect(readdirSync(join(cache, readdirSync(cache)[0]!))).toHaveLength(3);
});

it('tells the line that was written when something fails', async () => {
  write('words/word.ts', 'interface Gone {\n  a: string;\n}\nexport const word: string = (null as unknown as Gone).a;');
  const failure = script(`process.setSourceMapsEnabled(true); await import(${JSON.stringify(await bundle())})`);
  await expect(failure).rejects.toThrow(/words\/word\.ts:4:\d+/);
});
