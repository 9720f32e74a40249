import { posix } from 'node:path';
import { EVALUATION_PATH } from '#bot/evidence/evaluation.ts';
import { type CommandShape, troubleWithWords } from './command-shape.ts';
import { type DocumentReading, type Mention, readDocument } from './read-document.ts';

/** What documents are held against. */
export interface DocumentTree {
  /** Every file of the tree. */
  readonly files: readonly string[];
  /** Markdown documents by path. */
  readonly documents: ReadonlyMap<string, string>;
  /** The names of the scripts in each `package.json`, by its folder. */
  readonly scripts: ReadonlyMap<string, readonly RunnableScript[]>;
}

export interface RunnableScript {
  readonly name: string;
  readonly command: string;
}

export interface BrokenReference {
  readonly path: string;
  readonly line: number;
  /** What is named and is not there, and what to do. */
  readonly message: string;
}

/** The rooms of Ratchet: a path into one is meant as a path even where the whole room is gone. */
const ROOMS = ['.ci', '.github', 'bot', 'docs', 'engine', 'policies', 'strategies', 'tests'];
/** `ratchet up` writes these into the repository of a workspace; a checkout of Ratchet has none. */
const MADE_WITH_A_WORKSPACE: readonly string[] = [EVALUATION_PATH, 'policies/keys.yaml', 'policies/keys.signed.json'];
/** A history names what was; only its links are held to what is. */
const HISTORY = /(?:^|\/)CHANGELOG[^/]*$/i;

/**
 * Everything documents name that is not there: targets of links with their anchors, paths in backticks, scripts of npm, and commands
 * and options of Ratchet.
 * @param program the commands of the running program
 */
export function findBrokenReferences(tree: DocumentTree, program: CommandShape): readonly BrokenReference[] {
  const paths = withFolders(tree.files);
  const rooms = new Set([...ROOMS, ...tree.files.filter((file) => file.includes('/')).map((file) => file.split('/')[0]!)]);
  const readings = new Map([...tree.documents].map(([path, text]) => [path, readDocument(text)] as const));
  const found: BrokenReference[] = [];
  for (const [path, reading] of readings) {
    const report = ({ line }: Mention, trouble: string | null): void => {
      if (trouble !== null) found.push({ path, line, message: trouble });
    };
    for (const link of reading.links) report(link, troubleWithLink(path, link.text, paths, readings));
    if (HISTORY.test(path)) continue;
    for (const code of reading.codes) {
      report(code, troubleWithPath(code.text, rooms, paths));
      for (const line of code.text.split(/\s*(?:&&|\|\||[;|])\s*/)) report(code, troubleWithLine(path, line, tree, program));
    }
  }
  return found;
}

function withFolders(files: readonly string[]): ReadonlySet<string> {
  const paths = new Set(['', ...files]);
  for (const file of files) {
    for (let folder = posix.dirname(file); folder !== '.' && !paths.has(folder); folder = posix.dirname(folder))
      paths.add(folder);
  }
  return paths;
}

function troubleWithLink(
  document: string,
  link: string,
  paths: ReadonlySet<string>,
  readings: ReadonlyMap<string, DocumentReading>,
): string | null {
  if (/^(?:[a-z][a-z0-9+.-]*:|\/\/)/i.test(link)) return null;
  const [place = '', ...rest] = link.split('#');
  const anchor = rest.join('#');
  const path = decoded(place.replace(/\?.*$/, ''));
  if (path === null) return `The link ${link} is not written as an address: mend it.`;
  const target =
    path === '' ? document : posix.normalize(path.startsWith('/') ? path.slice(1) : posix.join(posix.dirname(document), path));
  const bare = target.replace(/\/$/, '').replace(/^\.$/, '');
  if (!paths.has(bare)) return `The link ${link} leads to nothing: mend it, or add ${bare}.`;
  const reading = readings.get(bare);
  if (anchor === '' || reading === undefined || reading.anchors.has(decoded(anchor) ?? anchor)) return null;
  return `The link ${link} names no heading of ${bare}: mend what stands behind #.`;
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    // A stray % is no address; the caller says so.
    return null;
  }
}

function troubleWithPath(code: string, rooms: ReadonlySet<string>, paths: ReadonlySet<string>): string | null {
  if (/[\s<>*…{}$|"'()=]/.test(code) || !code.includes('/') || !rooms.has(code.split('/')[0]!)) return null;
  const path = posix.normalize(code.replace(/(?::\d+|#.*)$/, '')).replace(/\/$/, '');
  if (paths.has(path) || MADE_WITH_A_WORKSPACE.includes(path)) return null;
  return `${code} is not there: name what is, or add it.`;
}

function troubleWithLine(document: string, line: string, tree: DocumentTree, program: CommandShape): string | null {
  const words = line.split(/\s+/).filter((word) => word !== '');
  while (/^[A-Z_][A-Z0-9_]*=/.test(words[0] ?? '')) words.shift();
  if (words[0] === 'npx') words.shift();
  const [first, second] = words;
  if (first === 'ratchet') return told(troubleWithWords(program, words.slice(1)), 'ratchet --help lists what there is');
  if (first !== 'npm' || !/^(?:start|test|run|run-script)$/.test(second ?? '')) return null;
  const name = second === 'start' || second === 'test' ? second : words.slice(2).find((word) => !word.startsWith('-'));
  if (name === undefined || name === '…') return null;
  const scripts = scriptsFor(document, tree.scripts);
  if (scripts === null) return `${line} runs a script, and there is no package.json: mend the line.`;
  const script = scripts.find((item) => item.name === name);
  if (script === undefined) return `package.json has no script ${name}: mend the line, or add the script.`;
  const ratchet = /^node bot\/cli\/ratchet\.js ?(.*)$/.exec(script.command)?.[1];
  if (ratchet === undefined) return null;
  const passed = words.includes('--') ? words.slice(words.indexOf('--') + 1) : [];
  const all = [...ratchet.split(' ').filter((word) => word !== ''), ...passed];
  return told(troubleWithWords(program, all), 'ratchet --help lists what there is');
}

function told(trouble: string | null, remedy: string): string | null {
  return trouble === null ? null : `${trouble}: ${remedy}.`;
}

/** Those of the nearest `package.json` above a document. */
function scriptsFor(document: string, scripts: DocumentTree['scripts']): readonly RunnableScript[] | null {
  for (let folder = posix.dirname(document); ; folder = posix.dirname(folder)) {
    const found = scripts.get(folder === '.' ? '' : folder);
    if (found !== undefined || folder === '.') return found ?? null;
  }
}
