import { dependencyFileKind, folderOf } from '#bot/gates/audit/dependency-files.ts';
import type { AuditReport } from '#bot/gates/audit/report.ts';
import type { AuditSettings } from '#bot/gates/audit/scan.ts';
import { isBlocking, sentenceOf } from '#bot/gates/audit/verdict.ts';
import { auditReport } from '#bot/gates/audit.ts';
import type { CommitHash, Person, Repository } from '#engine/repository/repository.ts';
import { editTexts } from './edit-texts.ts';
import { type Move, type Published, type Unmended, versionKey } from './move.ts';
import { npmVersions, writeNpmLock } from './npm-registry.ts';
import { repairPlan } from './plan.ts';
import { PythonIndex, whyNotInList } from './python-index.ts';
import { requireAnswers, type WeakPackage, weakIn } from './weaknesses.ts';

export interface RepairTools {
  readonly clock: () => number;
  /** Those of the audit gate: the same registry is asked for what is weak and for what replaces it. */
  readonly audit: AuditSettings;
  /** Root of the Python index's JSON API. */
  readonly pypiUrl: string;
}

/** A commit that mends what can be mended, audited; null where nothing can. */
export interface Mended {
  readonly commit: CommitHash | null;
  readonly moves: readonly Move[];
  readonly unmended: readonly Unmended[];
}

export interface MendOptions {
  readonly repository: Repository;
  readonly author: Person;
  readonly tools: RepairTools;
}

/** How often another version is tried after one that did not do. */
const ROUNDS_MAX = 8;

/**
 * Plans, has the tools write the locks, and audits what came of it with the gate's own code. A version that does not fit or brings
 * another weakness is refused and the next one tried. The commit stands in the local repository only; nothing is pushed here.
 * @throws RatchetError `repair/registry`, `repair/index`, `repair/not-looked`
 */
export async function mend(weak: readonly WeakPackage[], main: CommitHash, options: MendOptions): Promise<Mended> {
  const { repository, tools } = options;
  const files = await dependencyFiles(main, repository);
  const index = new PythonIndex({ pypiUrl: tools.pypiUrl, timeoutMs: tools.audit.timeoutMs });
  const published = await askFor(weak, index, tools);
  const refused = new Map<string, string>();
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const { moves, unmended } = repairPlan(weak, files, published, refused);
    if (moves.length === 0) return { commit: null, moves, unmended };
    const written = await write(moves, files, index, tools);
    const outcome = written.refusals.length > 0 ? written.refusals : await tried(written.texts, moves, main, options);
    if (typeof outcome === 'string') return { commit: outcome, moves, unmended };
    for (const { move, why } of outcome) refused.set(versionKey(move.weak, move.to), why);
  }
  const { moves, unmended } = repairPlan(weak, files, published, refused);
  const given = moves.map(({ weak: one }) => ({
    weak: one,
    reason: `${ROUNDS_MAX} attempts did not find versions that go together`,
  }));
  return { commit: null, moves: [], unmended: [...unmended, ...given] };
}

interface Refusal {
  readonly move: Move;
  readonly why: string;
}

async function dependencyFiles(commit: CommitHash, repository: Repository): Promise<ReadonlyMap<string, string>> {
  const listed = await repository.listFiles(commit, '');
  const paths = listed.filter(({ path, mode }) => mode === '100644' && dependencyFileKind(path) !== null).map(({ path }) => path);
  const contents = await repository.readFiles(commit, paths);
  return new Map([...contents].map(([path, bytes]) => [path, Buffer.from(bytes).toString('utf8')]));
}

async function askFor(weak: readonly WeakPackage[], index: PythonIndex, tools: RepairTools): Promise<Published> {
  const known = new Map<string, readonly string[]>();
  for (const one of weak) {
    const key = versionKey(one, '');
    if (known.has(key)) continue;
    known.set(key, one.ecosystem === 'npm' ? await npmVersions(one.name, tools.audit) : await index.versionsOf(one.name));
  }
  return { versionsOf: (one) => known.get(versionKey(one, '')) ?? null };
}

async function write(
  moves: readonly Move[],
  files: ReadonlyMap<string, string>,
  index: PythonIndex,
  { audit }: RepairTools,
): Promise<{ readonly texts: ReadonlyMap<string, string>; readonly refusals: readonly Refusal[] }> {
  const texts = new Map<string, string>();
  const refusals: Refusal[] = [];
  for (const [lock, own] of byLock(moves)) {
    if (own[0]!.weak.ecosystem === 'npm') {
      const written = await writeNpmLock(lock, own, files, audit);
      if (!('kind' in written)) for (const [path, text] of written) texts.set(path, text);
      else refusals.push(...(await whichDoesNotFit(lock, own, files, written.why, audit)));
      continue;
    }
    const { edited, complaints } = await writeList(lock, own, files, index);
    for (const [path, text] of edited) texts.set(path, text);
    refusals.push(...complaints);
  }
  return { texts, refusals };
}

function byLock(moves: readonly Move[]): ReadonlyMap<string, readonly Move[]> {
  const locks = new Map<string, Move[]>();
  for (const move of moves) locks.set(move.weak.file, [...(locks.get(move.weak.file) ?? []), move]);
  return locks;
}

/** Those that npm refuses by themselves; all of them when they only do not go together. */
async function whichDoesNotFit(
  lock: string,
  moves: readonly Move[],
  files: ReadonlyMap<string, string>,
  why: string,
  audit: AuditSettings,
): Promise<readonly Refusal[]> {
  if (moves.length === 1) return [{ move: moves[0]!, why }];
  const alone: Refusal[] = [];
  for (const move of moves) {
    const written = await writeNpmLock(lock, [move], files, audit);
    if ('kind' in written) alone.push({ move, why: written.why });
  }
  return alone.length > 0 ? alone : moves.map((move) => ({ move, why }));
}

async function writeList(file: string, moves: readonly Move[], files: ReadonlyMap<string, string>, index: PythonIndex) {
  const releases = new Map<string, readonly string[]>();
  for (const { weak, to } of moves) releases.set(`${weak.name} ${to}`, (await index.release(weak.name, to))?.hashes ?? []);
  const edits = moves.flatMap((move) => move.edits);
  const edited = editTexts(files, edits, (name, version) => releases.get(`${name} ${version}`) ?? []);
  const complaints: Refusal[] = [];
  for (const move of moves) {
    const { name, version: from } = move.weak;
    const why = await whyNotInList(file, edited.get(file)!, { name, from, to: move.to }, index);
    if (why !== null) complaints.push({ move, why });
  }
  return { edited, complaints };
}

/** The commit with the texts, when the audit finds each planned weakness gone and nothing new; else what was wrong with which move. */
async function tried(
  texts: ReadonlyMap<string, string>,
  moves: readonly Move[],
  main: CommitHash,
  { repository, author, tools }: MendOptions,
): Promise<CommitHash | readonly Refusal[]> {
  // Dated by main, so that the same repair of the same main is the same commit.
  const date = new Date((await repository.logged(main)).committedAt);
  const changes = new Map([...texts].map(([path, text]) => [path, Buffer.from(text)]));
  const commit = await repository.commit({ parent: main, changes, message: messageOf(moves), author, date });
  const report = await auditReport({ repository, base: main, head: commit, changes: await repository.diff(main, commit) }, tools);
  requireAnswers(report);
  const refusals = [...stillThere(report, moves), ...brought(report, moves)];
  return refusals.length === 0 ? commit : refusals;
}

function stillThere(report: AuditReport, moves: readonly Move[]): readonly Refusal[] {
  const left = weakIn(report);
  return moves.flatMap((move) => {
    const { weak } = move;
    const same = left.find((one) => one.file === weak.file && one.name === weak.name && one.version === weak.version);
    return same === undefined ? [] : [{ move, why: `${weak.file} still has ${weak.version} after it was written anew` }];
  });
}

/** What the audit would hold against the change, each laid to the moves that may have brought it. */
function brought(report: AuditReport, moves: readonly Move[]): readonly Refusal[] {
  const wrong = report.findings.filter(
    (finding) => isBlocking(finding) || (finding.kind === 'unread' && finding.state === 'new'),
  );
  return wrong.flatMap((finding) => {
    const near = moves.filter(({ weak }) => folderOf(weak.file) === folderOf(finding.file));
    const named = near.filter(({ weak, to }) =>
      finding.kind === 'vulnerability'
        ? finding.package.name === weak.name && finding.package.version === to
        : finding.message.includes(weak.name),
    );
    const guilty = named.length > 0 ? named : near.length > 0 ? near : moves;
    return guilty.map((move) => ({ move, why: `with ${move.to} ${finding.file} is refused: ${clauseOf(sentenceOf(finding))}` }));
  });
}

function clauseOf(sentence: string): string {
  return sentence.replace(/: take a version without it.*$/, '').replace(/\.$/, '');
}

export function titleOf(moves: readonly Move[]): string {
  const names = [...new Set(moves.map(({ weak, to }) => `${weak.name} to ${to}`))];
  const [first = '', second] = names;
  const rest = names.length > 2 ? ` and ${names.length - 2} more` : '';
  return `Mend known weaknesses: ${second === undefined ? first : `${first}, ${second}${rest}`}`;
}

function messageOf(moves: readonly Move[]): string {
  const lines = moves.map(({ weak, to }) => {
    const ids = weak.advisories.map(({ id }) => id).join(', ');
    return `${weak.file}: ${weak.name} ${weak.version} to ${to} (${ids})`;
  });
  return `${titleOf(moves)}\n\n${lines.join('\n')}`;
}
