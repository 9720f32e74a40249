import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** After this nobody who began with an old bundle still has to open it. */
const OLD_MS = 24 * 3_600_000;

/**
 * Address of one JavaScript file with the program and all of its own files, made once and kept beside the packages until a file
 * changes: to translate some five hundred files one by one takes the better part of two seconds at every start. The packages
 * themselves stay where they are.
 * @param {string} entry path of a TypeScript file
 * @param {string} root the folder with its package.json and node_modules
 * @returns {Promise<string | null>} a file URL; null where it cannot be kept, as on a disk that is only read
 */
export async function bundled(entry, root) {
  // Clones may share their packages.
  const name = createHash('sha256').update(entry).digest('hex').slice(0, 16);
  const folder = join(root, 'node_modules', '.cache', 'ratchet', name);
  try {
    const kept = freshBundle(folder) ?? (await makeBundle(entry, root, folder));
    return pathToFileURL(kept).href;
  } catch (error) {
    if (['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT', 'ENOTDIR'].includes(error?.code)) return null;
    throw error;
  }
}

/** The bundle in the folder, when every file it was made of still is what it was. */
function freshBundle(folder) {
  try {
    const { bundle, sources } = JSON.parse(readFileSync(join(folder, 'made-of.json'), 'utf8'));
    statSync(join(folder, bundle));
    return sources.every(([path, state]) => stateOf(path) === state) ? join(folder, bundle) : null;
  } catch {
    return null;
  }
}

const stateOf = (path) => {
  const { mtimeMs, ctimeMs, size } = statSync(path);
  return `${mtimeMs} ${ctimeMs} ${size}`;
};

async function makeBundle(entry, root, folder) {
  const { build } = await import('esbuild');
  const states = new Map([join(root, 'package.json')].map((path) => [path, stateOf(path)]));
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    write: false,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    keepNames: true,
    sourcemap: 'linked',
    outfile: join(folder, 'main.mjs'),
    legalComments: 'none',
    logLevel: 'silent',
    plugins: [
      {
        name: 'own-files',
        setup({ onLoad }) {
          onLoad({ filter: /\.ts$/ }, async ({ path }) => {
            // Before it is read: a file that changes meanwhile is read anew next time.
            states.set(path, stateOf(path));
            const contents = await readFile(path, 'utf8');
            // What a file looks for beside itself stays beside it.
            return { contents: contents.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href)), loader: 'ts' };
          });
        },
      },
    ],
  });
  const [map, code] = outputFiles;
  const bundle = `main-${createHash('sha256').update(code.contents).digest('hex').slice(0, 16)}.mjs`;
  await mkdir(folder, { recursive: true });
  await put(join(folder, `${bundle}.map`), map.contents);
  await put(join(folder, bundle), code.text.replace(/main\.mjs\.map(?=\s*$)/, `${bundle}.map`));
  await put(join(folder, 'made-of.json'), JSON.stringify({ bundle, sources: [...states] }));
  await removeOld(folder, bundle);
  return join(folder, bundle);
}

/** Whole or not at all, also when two write the same. */
async function put(path, contents) {
  const written = `${path}.${process.pid}`;
  await writeFile(written, contents);
  await rename(written, path);
}

async function removeOld(folder, bundle) {
  for (const name of await readdir(folder)) {
    if (name === 'made-of.json' || name.startsWith(bundle)) continue;
    const path = join(folder, name);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Infinity }));
    if (Date.now() - mtimeMs > OLD_MS) await rm(path, { force: true });
  }
}
