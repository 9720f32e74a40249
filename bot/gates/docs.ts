import { posix } from 'node:path';
import { z } from 'zod';
import type { GateResult } from '#bot/evidence/gate-result.ts';
import { code, text } from '#bot/evidence/markdown.ts';
import type { CommitHash, Repository } from '#engine/repository/repository.ts';
import type { GateContext } from './context.ts';
import {
  type BrokenReference,
  type DocumentTree,
  findBrokenReferences,
  type RunnableScript,
} from './docs/find-broken-references.ts';
import type { GateTools } from './gate-tools.ts';
import { type Annotation, annotateFile, failure, success } from './outcome.ts';

/**
 * Is everything there that the documents at the head name? What was broken on the base already is reported, and does not stop a change
 * that did not break it.
 */
export async function docsGate(context: GateContext, { program }: GateTools): Promise<GateResult> {
  const tree = await readTree(context.repository, context.head);
  const broken = findBrokenReferences(tree, program);
  const counted = `${tree.documents.size} ${tree.documents.size === 1 ? 'document' : 'documents'}`;
  if (broken.length === 0) {
    const summary = `Links, anchors, paths, scripts and commands in ${counted} were looked up in the tree of the head.`;
    return success('docs', `Everything that ${counted} ${tree.documents.size === 1 ? 'names' : 'name'} is there`, summary);
  }
  const before = new Set(findBrokenReferences(await readTree(context.repository, context.base), program).map(keyOf));
  const fresh = broken.filter((item) => !before.has(keyOf(item)));
  const old = broken.filter((item) => before.has(keyOf(item)));
  const annotations: Annotation[] = [
    ...fresh.map(({ path, line, message }) => annotateFile(path, message, line)),
    ...old.map(({ path, line, message }) => ({
      ...annotateFile(path, `Not broken by this change: ${message}`, line),
      level: 'warning' as const,
    })),
  ];
  const summary = [...listed('This change breaks', fresh), ...listed('Broken on the base already', old)].join('\n');
  const first = fresh[0];
  if (first === undefined) {
    const title = `The change breaks no reference; ${old.length} ${old.length === 1 ? 'was' : 'were'} broken before`;
    return success('docs', title, `${title}.\n\n${summary}`, annotations);
  }
  const more = fresh.length > 1 ? ` (and ${fresh.length - 1} more)` : '';
  return failure('docs', `${first.path}:${first.line}: ${first.message}${more}`, summary, annotations);
}

/** The same reference is the same when lines above it change. */
function keyOf({ path, message }: BrokenReference): string {
  return `${path} ${message}`;
}

function listed(title: string, references: readonly BrokenReference[]): readonly string[] {
  if (references.length === 0) return [];
  return [
    `**${title}**`,
    '',
    ...references.map(({ path, line, message }) => `- ${code(`${path}:${line}`)} ${text(message)}`),
    '',
  ];
}

const Manifest = z.looseObject({ scripts: z.record(z.string(), z.string()).optional() });

async function readTree(repository: Repository, commit: CommitHash): Promise<DocumentTree> {
  const files = (await repository.listFiles(commit, '')).filter(({ path }) => !/(?:^|\/)node_modules\//.test(path));
  const plain = files.filter(({ mode }) => mode.startsWith('100')).map(({ path }) => path);
  const wanted = plain.filter((path) => path.endsWith('.md') || posix.basename(path) === 'package.json');
  const contents = await repository.readFiles(commit, wanted);
  const documents = new Map<string, string>();
  const scripts = new Map<string, readonly RunnableScript[]>();
  for (const [path, bytes] of contents) {
    const content = new TextDecoder().decode(bytes);
    if (path.endsWith('.md')) documents.set(path, content);
    else scripts.set(path.includes('/') ? posix.dirname(path) : '', scriptsIn(content));
  }
  return { files: files.map(({ path }) => path), documents, scripts };
}

/** The scripts a `package.json` has; none where it cannot be read, which the audit says. */
export function scriptsIn(manifest: string): readonly RunnableScript[] {
  let value: unknown = null;
  try {
    value = JSON.parse(manifest);
  } catch {
    // Falls through to the schema, which refuses null.
  }
  return Object.entries(Manifest.safeParse(value).data?.scripts ?? {}).map(([name, command]) => ({ name, command }));
}
