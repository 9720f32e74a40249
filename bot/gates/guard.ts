import picomatch from 'picomatch';
import type { GateResult } from '#bot/evidence/gate-result.ts';
import type { ChangedFile } from '#engine/repository/repository.ts';
import { type GateContext, readText } from './context.ts';
import { type Annotation, annotateFile, failure, success } from './outcome.ts';
import { PathsPolicy, parsePolicy } from './policies.ts';

/** Bidirectional controls, zero-width characters, tags and other characters that make text read differently from what it is. */
const HIDDEN_RANGES: readonly (readonly [number, number])[] = [
  [0xad, 0xad],
  [0x34f, 0x34f],
  [0x61c, 0x61c],
  [0x115f, 0x1160],
  [0x17b4, 0x17b5],
  [0x180e, 0x180e],
  [0x200b, 0x200f],
  [0x202a, 0x202e],
  [0x2060, 0x206f],
  [0xfeff, 0xfeff],
  [0xe0000, 0xe007f],
];

/** Shapes of credentials that must never be committed. */
const SECRETS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----/, 'a private key'],
  [/\bgh[pousr]_[A-Za-z0-9]{36,}\b/, 'a GitHub token'],
  [/\bgithub_pat_[A-Za-z0-9_]{50,}\b/, 'a GitHub token'],
  [/\bsk-ant-[A-Za-z0-9_-]{20,}\b/, 'an Anthropic key'],
  [/\bAKIA[0-9A-Z]{16}\b/, 'an AWS key id'],
];

const PATHS_POLICY = 'policies/paths.yaml';

/** Does the change keep to its place, and is it what it looks like? */
export async function guardGate(context: GateContext): Promise<GateResult> {
  const policy = parsePolicy(PATHS_POLICY, await readText(context.repository, context.base, PATHS_POLICY), PathsPolicy);
  if (context.changes.length === 0) return failure('guard', 'The change is empty.', 'Head and base hold the same files.');
  const findings: Annotation[] = [];
  if (context.changes.length > policy.limits.changedFiles) {
    findings.push(
      annotateFile('.', `The change touches ${context.changes.length} files; ${policy.limits.changedFiles} are allowed.`),
    );
  }
  for (const change of context.changes) {
    for (const message of await complaints(context, policy, change)) findings.push(annotateFile(change.path, message));
  }
  const first = findings[0];
  if (first === undefined) {
    return success(
      'guard',
      `${context.changes.length} changed files keep to their place`,
      `Author class: ${context.author}. Paths, kinds, sizes, characters and secrets were looked at.`,
    );
  }
  return failure(
    'guard',
    `${first.path}: ${first.message}`,
    findings.map((item) => `- \`${item.path}\`: ${item.message}`).join('\n'),
    findings,
  );
}

async function complaints(context: GateContext, policy: PathsPolicy, change: ChangedFile): Promise<readonly string[]> {
  const found: string[] = [];
  const allowed = policy[context.author].allow;
  for (const path of [change.path, change.previousPath]) {
    if (path !== undefined && !picomatch.isMatch(path, allowed, { dot: true })) {
      found.push(`a ${context.author} may not touch ${path}; ${PATHS_POLICY} names what it may.`);
    }
  }
  if (hasHidden(change.path)) found.push('the file name holds hidden characters.');
  if (change.status === 'deleted') return found;
  if (change.isSymlink) found.push('links are not allowed.');
  if (change.isBinary) found.push('binary files are not allowed.');
  if (change.size > policy.limits.fileBytes) found.push(`${change.size} bytes are over the limit of ${policy.limits.fileBytes}.`);
  if (found.length > 0) return found;
  return [...found, ...(await textComplaints(context, change.path))];
}

async function textComplaints(context: GateContext, path: string): Promise<readonly string[]> {
  const text = (await readText(context.repository, context.head, path)) ?? '';
  const found: string[] = [];
  const lines = text.split('\n');
  const hiddenLine = lines.findIndex(hasHidden);
  if (hiddenLine >= 0) found.push(`line ${hiddenLine + 1} holds hidden or bidirectional characters.`);
  for (const [pattern, name] of SECRETS) {
    const line = lines.findIndex((candidate) => pattern.test(candidate));
    if (line >= 0) found.push(`line ${line + 1} looks like ${name}; revoke it and take it out.`);
  }
  return found;
}

function hasHidden(text: string): boolean {
  for (const character of text) {
    const point = character.codePointAt(0)!;
    if (HIDDEN_RANGES.some(([first, last]) => point >= first && point <= last)) return true;
  }
  return false;
}
