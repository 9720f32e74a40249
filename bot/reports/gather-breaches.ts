import { existsSync } from 'node:fs';
import { type LedgerReading, type Night, recordsOf } from '#bot/evidence/ledger.ts';
import { crossed } from '#bot/evidence/sections/wager.ts';
import type { KillRuleOutcome } from '#bot/memory/memory.ts';
import { remember } from '#bot/orchestrator/remember.ts';
import type { Repository } from '#engine/repository/repository.ts';
import type { StateReader } from '#engine/repository/state-branch.ts';
import { enginePaths } from '#engine/runtime/options.ts';
import { parseStatus, statusPath } from '#engine/runtime/status.ts';
import { openReader } from '#engine/store/engine-reader.ts';
import type { Breach, BreachFacts } from './breaches.ts';
import type { LastDays } from './last-days.ts';
import type { PullRequestFacts } from './pull-requests.ts';

/** As many of the engine's newest faults are looked at. */
const FAULTS_MAX = 1_000;
/** Codes by which the engine says that a version stands still for what it did itself. */
const STANDING: Readonly<Record<string, Breach['kind']>> = { breach: 'limit', fault: 'fault', quarantined: 'fault' };

interface BreachSources {
  readonly repository: Repository;
  readonly state: StateReader;
  readonly ledger: LedgerReading;
  /** Those of the days. */
  readonly nights: readonly Night[];
  /** Strategies that run, or that a night was about. */
  readonly strategies: readonly string[];
  /** Folder of the engine's record; null where it is not on this machine: then what it publishes must do. */
  readonly record: string | null;
  readonly pulls: PullRequestFacts;
  readonly market: LastDays;
  readonly clock: LastDays;
  /** Market time up to which is told, and the clock's, UTC milliseconds. */
  readonly asOf: number;
  readonly now: number;
}

/** What went wrong in some days, or was kept from going on: from the engine's record, the evidence on main, the ledger and the forge. */
export async function gatherBreaches(sources: BreachSources): Promise<BreachFacts> {
  const { record, pulls } = sources;
  const isKept = record !== null && existsSync(enginePaths(record).status);
  const engine = isKept ? faultsIn(record, sources) : await standingIn(sources.state);
  const forge = pulls.forge;
  const refused: readonly Breach[] =
    'problem' in forge
      ? []
      : forge.refused.map(({ number, branch, author, gates, at }) => ({
          kind: 'gates',
          strategy: null,
          at,
          sentence: `${gates.join(', ')}: pull request ${number} from ${branch} by ${author}`,
        }));
  return {
    found: [...engine, ...(await killRulesHit(sources)), ...fromLedger(sources), ...refused],
    unseen: [
      ...(isKept ? [] : ['Of the engine only what it publishes is within reach, so limits and faults are those that stand now.']),
      ...('problem' in forge ? ['Which open pull requests the gates refuse only the forge knows.'] : []),
    ],
  };
}

/** A version that goes on faulting is told once, with how often. */
function faultsIn(record: string, { market, clock }: BreachSources): readonly Breach[] {
  const reader = openReader(record);
  try {
    const own = reader
      .faults(FAULTS_MAX)
      .filter(({ instant, at }) => (instant === null ? clock.holds(at) : market.holds(instant)))
      .toReversed();
    const alike = new Map<string, typeof own>();
    for (const fault of own) {
      const key = `${fault.strategy} ${fault.code} ${fault.treeHash}`;
      alike.set(key, [...(alike.get(key) ?? []), fault]);
    }
    return [...alike.values()].map((faults) => {
      const { strategy, code, message, instant, at } = faults[0]!;
      const often = faults.length === 1 ? '' : ` (${faults.length} times)`;
      const isLimit = code === 'risk/breach';
      const sentence = isLimit ? `${message}${often}` : `${code}: ${message}${often}`;
      return { kind: isLimit ? 'limit' : 'fault', strategy, at: instant ?? at, sentence };
    });
  } finally {
    reader.close();
  }
}

async function standingIn(state: StateReader): Promise<readonly Breach[]> {
  const published = await state.readText(statusPath);
  const status = published === null ? null : parseStatus(published);
  return (status?.strategies ?? []).flatMap(({ id, code, reason }) => {
    const kind = STANDING[code];
    return kind === undefined ? [] : [{ kind, strategy: id, at: null, sentence: reason }];
  });
}

/** Rules of proposals that were merged, by which their authors or their evidence had said that they would be wrong. */
async function killRulesHit({
  repository,
  state,
  strategies,
  record,
  market,
  asOf,
  now,
}: BreachSources): Promise<readonly Breach[]> {
  // Only what was merged has run, and of merges the records tell.
  const api = { problem: 'a report asks nobody for words' };
  const found: Breach[] = [];
  for (const strategy of strategies) {
    const { nights } = await remember({ strategy, asOf, now, repository, state, api, record });
    for (const { cycle, proposed } of nights)
      for (const rule of proposed?.killRules ?? [])
        if (rule.trippedAt !== null && market.holds(rule.trippedAt))
          found.push({
            kind: 'kill-rule',
            strategy: proposed!.strategy,
            at: rule.trippedAt,
            sentence: `${wordsOf(rule)}, as the ${rule.source} of night ${cycle} had named it`,
          });
  }
  return found;
}

function wordsOf({ afterDays, ...rule }: KillRuleOutcome): string {
  const sentence = crossed({ ...rule, afterDays });
  return afterDays === 0 ? sentence.replace('after 0 days', 'at any time') : sentence;
}

function fromLedger({ ledger, nights }: BreachSources): readonly Breach[] {
  const cycles = new Map(recordsOf(ledger, 'night-began').map(({ cycle, entry }) => [cycle, entry.asOf]));
  const own = { entries: ledger.entries.filter(({ cycle }) => nights.some((night) => night.cycle === cycle)) };
  const openings = new Map(recordsOf(ledger, 'vault-opened').map(({ entry }) => [entry.opening, entry]));
  return [
    ...recordsOf(own, 'canary').flatMap(({ cycle, entry: { canary, outcome, sentence } }): Breach[] => {
      if (outcome !== 'slipped') return [];
      return [{ kind: 'canary', strategy: null, at: cycles.get(cycle) ?? null, sentence: `${canary}: ${sentence}` }];
    }),
    ...recordsOf(own, 'vault-answered').flatMap(({ cycle, entry: { opening, answer } }): Breach[] => {
      const opened = openings.get(opening);
      if (answer !== 'fail' || opened === undefined) return [];
      const sentence = `opening ${opening} of the vault said no to tree ${opened.tree.slice(0, 12)}`;
      return [{ kind: 'vault', strategy: opened.strategy, at: cycles.get(cycle) ?? null, sentence }];
    }),
  ];
}
