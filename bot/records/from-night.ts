import { type LedgerEntry, type LedgerReading, ledgerPath, readLedgerFrom } from '#bot/evidence/ledger.ts';
import { counted } from '#bot/evidence/numbers.ts';
import { PACK_PATH, Pack } from '#bot/evidence/pack.ts';
import { digestOf } from '#engine/attestation/canonical.ts';
import { RatchetError } from '#engine/errors.ts';
import { type Arrival, arrivalsOf, type Sources } from './arrivals.ts';
import type { ChangedStrategy, Place } from './place.ts';
import { type Step, step, trouble } from './step.ts';

type Line = LedgerReading['entries'][number];

/** The night each changed strategy comes from, by the evidence in its tree, and what the ledger says of that night. */
export async function fromNights(place: Place, sources: Sources): Promise<readonly Step[]> {
  const steps: Step[] = [];
  let ledger: LedgerReading | null = null;
  for (const strategy of place.strategies) {
    const evidence = await newEvidence(place, strategy, sources);
    if (evidence === null) continue;
    const path = `strategies/${strategy.id}/${PACK_PATH}`;
    const pack = packIn(evidence);
    if (pack === null) {
      steps.push(trouble(path, 'the evidence', 'It cannot be read, so it is not known which night it comes from.'));
      continue;
    }
    try {
      ledger ??= await readLedgerFrom(sources.state);
    } catch (error) {
      if (!(error instanceof RatchetError)) throw error;
      return [...steps, trouble('ledger', 'the ledger', error.message)];
    }
    steps.push(...(await nightOf(pack, strategy, ledger, sources)));
  }
  return steps;
}

/** The pack at the head, where the pull request brings it. */
async function newEvidence(
  { fork, headCommit }: Place,
  { id }: ChangedStrategy,
  { repository }: Sources,
): Promise<Uint8Array | null> {
  if (fork === null || headCommit === null) return null;
  const path = `strategies/${id}/${PACK_PATH}`;
  const [before, after] = [await repository.readFile(fork, path), await repository.readFile(headCommit, path)];
  return after === null || (before !== null && digestOf(before) === digestOf(after)) ? null : after;
}

function packIn(bytes: Uint8Array): Pack | null {
  try {
    return Pack.safeParse(JSON.parse(Buffer.from(bytes).toString('utf8'))).data ?? null;
  } catch {
    return null;
  }
}

async function nightOf(
  pack: Pack,
  { id, tree }: ChangedStrategy,
  ledger: LedgerReading,
  sources: Sources,
): Promise<readonly Step[]> {
  const own = ledger.entries.filter(({ cycle }) => cycle === pack.cycle);
  const openings = openingsOf(tree, ledger);
  const lines = [...own.filter(({ entry }) => !isVault(entry)), ...openings];
  const source = ledgerPath(pack.cycle);
  const began = own.find(({ entry }) => entry.kind === 'night-began')?.entry;
  if (began?.kind !== 'night-began')
    return [trouble(source, `the night ${pack.cycle}`, 'The evidence names it, and the ledger has no such night.')];
  const steps = await dated(lines, sources);
  const complain = (sentence: string) => steps.push(trouble(source, `the night ${pack.cycle}`, sentence));
  if (began.strategy !== id) complain(`It looked at ${began.strategy}, and the evidence is about ${id}.`);
  if (began.parentTree !== pack.parentTree) complain('It began from another version than the evidence compares with.');
  if (!ledger.entries.some(({ hash }) => hash === pack.search.ledgerHead))
    complain(`The evidence names the line ${pack.search.ledgerHead.slice(0, 19)}, which the ledger does not have.`);
  if (!own.some(({ entry }) => entry.kind === 'night-ended')) complain('It has not ended.');
  for (const { entry } of openings) {
    const isAnswered = openings.some(
      ({ entry: other }) => other.kind === 'vault-answered' && 'opening' in entry && other.opening === entry.opening,
    );
    if (entry.kind === 'vault-opened' && !isAnswered) complain(`Opening ${entry.opening} of the vault was never answered.`);
  }
  return steps;
}

function isVault({ kind }: LedgerEntry): boolean {
  return kind === 'vault-opened' || kind === 'vault-answered';
}

/** Openings of the vault for exactly this tree, with their answers, in whichever night's file they stand. */
function openingsOf(tree: string | null, { entries }: LedgerReading): readonly Line[] {
  const numbers = new Set(
    entries.flatMap(({ entry }) => (entry.kind === 'vault-opened' && entry.tree === tree ? [entry.opening] : [])),
  );
  return entries.filter(
    ({ entry }) => (entry.kind === 'vault-opened' || entry.kind === 'vault-answered') && numbers.has(entry.opening),
  );
}

/** Each line dated by the commit that brought it; trials that came together are one step. */
async function dated(lines: readonly Line[], sources: Sources): Promise<Step[]> {
  const histories = new Map<string, readonly Arrival[]>();
  for (const path of new Set(lines.map((line) => line.path))) histories.set(path, await arrivalsOf(path, sources));
  const steps: Step[] = [...histories].flatMap(([path, arrivals]) => rewrites(path, arrivals));
  let trials: { readonly arrival: Arrival; readonly lines: Line[] } | null = null;
  const closeTrials = (): void => {
    if (trials !== null) steps.push(trialsStep(trials.lines, trials.arrival));
    trials = null;
  };
  for (const line of lines) {
    const arrival = histories.get(line.path)!.find(({ text }) => lineCount(text) >= line.line);
    if (arrival === undefined) continue;
    if (line.entry.kind === 'trial') {
      if (trials !== null && (trials as { arrival: Arrival }).arrival !== arrival) closeTrials();
      trials ??= { arrival, lines: [] };
      trials.lines.push(line);
      continue;
    }
    closeTrials();
    const digests = { line: line.hash, commit: arrival.commit, ...digestsOf(line.entry) };
    steps.push(step(arrival.at, arrival.by, inWords(line.entry), line.path, digests));
  }
  closeTrials();
  return steps;
}

function lineCount(text: string | null): number {
  return text === null ? 0 : text.split('\n').length - 1;
}

/** A night's file only ever grows. */
function rewrites(path: string, arrivals: readonly Arrival[]): readonly Step[] {
  return arrivals.flatMap((arrival, index) => {
    const before = arrivals[index - 1]?.text ?? '';
    if (arrival.text?.startsWith(before) === true) return [];
    const sentence = 'Lines that stood there before were changed or taken away.';
    return [trouble(path, `written by ${arrival.by}`, sentence, { commit: arrival.commit }, arrival.at)];
  });
}

function trialsStep(lines: readonly Line[], { at, by, commit }: Arrival): Step {
  const scored = lines.filter(({ entry }) => entry.kind === 'trial' && entry.outcome === 'scored').length;
  const what = `${counted(lines.length, 'trial')} ended: ${scored} scored, ${lines.length - scored} refused`;
  return step(at, by, what, lines[0]!.path, { line: lines.at(-1)!.hash, commit });
}

function inWords(entry: LedgerEntry): string {
  switch (entry.kind) {
    case 'night-began': {
      const wish = entry.hint === undefined ? '' : `, as ${entry.hint.by} had wished`;
      const until = new Date(entry.asOf).toISOString().slice(0, 16);
      return `night ${entry.cycle} began: ${entry.strategy} until ${until}Z, ${entry.proposer}, ${counted(entry.trialsPlanned, 'trial')} at most${wish}`;
    }
    case 'night-asked':
      return `night asked for in comment ${entry.comment}`;
    case 'night-due':
      return `night due by the schedule at ${new Date(entry.at).toISOString().slice(0, 16)}Z`;
    case 'trials-planned':
      return `${counted(entry.trials.length, 'trial')} announced`;
    case 'trial':
      return `trial ${entry.trial}: ${entry.outcome}`;
    case 'search-ended':
      return `search ended: ${counted(entry.trials, 'trial')}, ${entry.scored} scored`;
    case 'selection-asked':
      return `question ${entry.question} put to the selection data`;
    case 'selection-answered':
      return `question ${entry.question} answered: ${entry.answer}`;
    case 'vault-opened':
      return `vault opened for it, opening ${entry.opening}`;
    case 'vault-answered':
      return `vault answered opening ${entry.opening}: ${entry.answer}`;
    case 'canary':
      return `canary ${entry.canary}: ${entry.outcome}${entry.stoppedBy.length === 0 ? '' : ` by ${entry.stoppedBy.join(', ')}`}`;
    case 'night-ended':
      return `night ended: ${entry.decision}`;
    default:
      return entry satisfies never;
  }
}

function digestsOf(entry: LedgerEntry): Readonly<Record<string, string | null>> {
  switch (entry.kind) {
    case 'night-began':
      return { parent: entry.parentTree };
    case 'search-ended':
      return { returns: entry.returns };
    case 'selection-asked':
      return { candidate: entry.candidate };
    case 'vault-opened':
      return { tree: entry.tree, pair: entry.pair };
    default:
      return {};
  }
}
