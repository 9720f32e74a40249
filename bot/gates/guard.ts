import picomatch from 'picomatch';
import type { GateResult } from '#bot/evidence/gate-result.ts';
import { code, text } from '#bot/evidence/markdown.ts';
import type { ChangedFile } from '#engine/repository/repository.ts';
import type { AuthorClass } from './author-class.ts';
import { changedStrategies, type GateContext, readText } from './context.ts';
import { troubleWithBinary, troubleWithMode } from './guard/file-kinds.ts';
import { finding, type GuardFinding } from './guard/finding.ts';
import { generatedFiles, isEvidence } from './guard/generated-files.ts';
import { hiddenCharacters } from './guard/hidden-characters.ts';
import { collidingNames, troubleWithName } from './guard/path-names.ts';
import { repairEdits } from './guard/repair-edits.ts';
import { secretsIn } from './guard/secrets.ts';
import { annotateFile, failure, success } from './outcome.ts';
import { PathsPolicy, parsePolicy } from './policies.ts';
import { provenBefore } from './proven-before.ts';

const PATHS_POLICY = 'policies/paths.yaml';

/** Does the change keep to its place, and is it what it looks like? */
export async function guardGate(context: GateContext): Promise<GateResult> {
  const policy = parsePolicy(PATHS_POLICY, await readText(context.repository, context.base, PATHS_POLICY), PathsPolicy);
  if (context.changes.length === 0) return failure('guard', 'The change is empty.', 'Head and base hold the same files.');
  const findings = await findingsOf(context, policy);
  const first = findings[0];
  if (first === undefined) {
    return success(
      'guard',
      `${context.changes.length} changed ${context.changes.length === 1 ? 'file keeps to its' : 'files keep to their'} place`,
      `Author class: ${context.author}. Paths, names, kinds, sizes, characters, generated files and secrets were looked at.`,
    );
  }
  const more = findings.length > 1 ? ` (and ${findings.length - 1} more)` : '';
  return failure(
    'guard',
    `${first.path}:${first.line}: ${first.message}${more}`,
    findings.map((item) => `- ${code(`${item.path}:${item.line}`)} ${text(item.message)}`).join('\n'),
    findings.map(({ path, message, line }) => annotateFile(path, message, line)),
  );
}

async function findingsOf(context: GateContext, policy: PathsPolicy): Promise<readonly GuardFinding[]> {
  const { repository, base, head, changes, author } = context;
  const [listedBefore, listed] = await Promise.all([repository.listFiles(base, ''), repository.listFiles(head, '')]);
  const modes = new Map(listedBefore.map(({ path, mode }) => [path, mode]));
  const findings: GuardFinding[] = [];
  const { changedFiles } = policy.limits;
  if (changes.length > changedFiles)
    findings.push(finding('.', `the change touches ${changes.length} files where ${changedFiles} are allowed: split it.`));
  const readable = changes.filter(
    ({ path, status, size }) => status !== 'deleted' && troubleWithName(path) === null && size <= policy.limits.fileBytes,
  );
  const contents = await repository.readFiles(
    head,
    readable.map(({ path }) => path),
  );
  for (const change of changes) {
    const trouble = troubleWithName(change.path);
    if (trouble !== null) findings.push(finding(change.path, trouble));
    findings.push(...outOfPlace(change, author, policy));
    if (trouble === null && change.status !== 'deleted') {
      const before = modes.get(change.previousPath ?? change.path);
      findings.push(...(await troubleWithContent(change, contents.get(change.path) ?? null, before, author, policy)));
    }
  }
  const present = changes.filter(({ status }) => status !== 'deleted').map(({ path }) => path);
  findings.push(
    ...collidingNames(
      listed.map(({ path }) => path),
      present,
    ),
  );
  findings.push(...generatedFiles(changes, author, await returningStrategies(context)));
  if (author === 'repair') findings.push(...(await repairEdits(context)));
  return findings;
}

function outOfPlace(change: ChangedFile, author: AuthorClass, policy: PathsPolicy): readonly GuardFinding[] {
  return [change.path, change.previousPath ?? change.path]
    .filter((path, index, both) => both.indexOf(path) === index)
    .filter((path) => !picomatch.isMatch(path, policy[author]?.allow ?? [], { dot: true }))
    .map((path) => finding(change.path, `a ${author} may not touch ${path}: ${PATHS_POLICY} on main names what it may.`));
}

async function troubleWithContent(
  change: ChangedFile,
  content: Uint8Array | null,
  modeBefore: string | undefined,
  author: AuthorClass,
  { limits }: PathsPolicy,
): Promise<readonly GuardFinding[]> {
  const { path } = change;
  if (change.size > limits.fileBytes) {
    return [
      finding(path, `${change.size} bytes are over the limit of ${limits.fileBytes}: make it smaller, or keep it elsewhere.`),
    ];
  }
  const begin = Buffer.from(content?.subarray(0, 2) ?? []).toString('latin1');
  const mode = troubleWithMode(change, modeBefore, author, begin);
  if (mode !== null) return [finding(path, mode)];
  // What could not be read was not looked at, and is not taken for empty.
  if (content === null) return [finding(path, 'git gives no content under this name, so nobody has looked at it: rename it.')];
  if (change.isBinary || content.includes(0)) {
    const binary = troubleWithBinary(path, content, author);
    return binary === null ? [] : [finding(path, binary)];
  }
  const plain = decoded(content);
  if (plain === null) return [finding(path, 'this is not UTF-8, so nobody sees what it is: save it as such.')];
  return [...hiddenCharacters(path, plain), ...(await secretsIn(path, plain))];
}

function decoded(bytes: Uint8Array): string | null {
  try {
    // A byte order mark is not skipped: it is one of the characters that nobody sees.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    // Any other encoding is a finding of its caller.
    return null;
  }
}

/** Strategies that a person brings back to a tree which was on main before. */
async function returningStrategies(context: GateContext): Promise<ReadonlySet<string>> {
  const returning = new Set<string>();
  const isAsked = context.author === 'person' && context.changes.some(({ path }) => isEvidence(path));
  // A path that leads astray can be asked of nobody, and has been refused for its name.
  if (!isAsked || context.changes.some(({ path }) => troubleWithName(path) !== null)) return returning;
  for (const change of await changedStrategies(context)) {
    if ((await provenBefore(context, change)) !== null) returning.add(change.id);
  }
  return returning;
}
