import { type LedgerReading, recordsOf } from '#bot/evidence/ledger.ts';
import { shortened, visible } from '#bot/evidence/markdown.ts';
import { quantileOf } from '#engine/statistics/quantile.ts';
import type { Insight, Memory } from './memory.ts';

/** Fewer trials of a kind of change than this and one lucky neighbour could be the whole of it. */
const LEAST_TRIALS = 12;
/** What a reader can take in; the kinds that were tried most. */
const SHOWN_MAX = 20;
const KIND_LENGTH_MAX = 80;

/** What development data say of an incumbent, by the tree of its folder: null where no evidence tells. */
export type NetReturnOf = (strategy: string, parentTree: string) => number | null;

/**
 * Which kinds of change were tried, and how those trials did: arithmetic over the ledger, nothing else. A change counts by what was
 * moved and in which direction, whoever tried it.
 * @param ledger the nights to go by, of one strategy
 */
export function insightsOf(ledger: Pick<LedgerReading, 'entries'>, incumbentOf: NetReturnOf): Memory['insights'] {
  const sightings = new Map<string, Sighting[]>();
  for (const sighting of sightingsIn(ledger, incumbentOf)) {
    for (const change of sighting.changes) {
      const known = sightings.get(change) ?? [];
      known.push(sighting);
      sightings.set(change, known);
    }
  }
  const shown = [...sightings]
    .flatMap(([change, of]) => insightOf(change, of) ?? [])
    .toSorted((a, b) => b.compared - a.compared || b.nights - a.nights || (a.change < b.change ? -1 : 1))
    .slice(0, SHOWN_MAX);
  return { least: LEAST_TRIALS, kinds: sightings.size, shown };
}

/**
 * `fast: 9 → 14, volume filter: added` → `fast raised`, `volume filter: added`. Labels are their proposers' words: what cannot be
 * read as a number that moved is its own kind.
 */
export function changesIn(label: string): readonly string[] {
  const written = label.split(/[,;] (?=[^,;]*:)/);
  // Of a label that was cut nobody knows what its last part said.
  const whole = label.endsWith('…') ? written.slice(0, -1) : written;
  const parts = whole.map((part) => visible(part)).filter((part) => part !== '');
  return [...new Set(parts.map(kindOf))];
}

function kindOf(part: string): string {
  const moved = /^(.+?): *(\S+)(?: %)? → *(\S+)(?: %)?$/u.exec(part);
  if (moved === null) return shortened(part, KIND_LENGTH_MAX);
  const [, name, before, after] = moved;
  const [from, to] = [Number(before), Number(after)];
  if (Number.isNaN(from) || Number.isNaN(to)) return shortened(part, KIND_LENGTH_MAX);
  return `${shortened(name!, KIND_LENGTH_MAX)} ${to > from ? 'raised' : 'lowered'}`;
}

/** One trial, as far as its changes are concerned. */
interface Sighting {
  readonly cycle: string;
  readonly changes: readonly string[];
  /** Null where it was refused before it ran. */
  readonly netReturn: number | null;
  readonly incumbent: number | null;
  /** The night's other trials that ran. */
  readonly night: readonly Ran[];
  readonly selection: 'above' | 'below' | null;
}

interface Ran {
  readonly changes: readonly string[];
  readonly netReturn: number;
}

function* sightingsIn(ledger: Pick<LedgerReading, 'entries'>, incumbentOf: NetReturnOf): Generator<Sighting> {
  for (const { cycle, entry: began } of recordsOf(ledger, 'night-began')) {
    const own = { entries: ledger.entries.filter((record) => record.cycle === cycle) };
    const results = new Map(recordsOf(own, 'trial').map(({ entry }) => [entry.trial, entry]));
    const answers = new Map(recordsOf(own, 'selection-answered').map(({ entry }) => [entry.question, entry.answer]));
    const asked = new Map(
      recordsOf(own, 'selection-asked').map(({ entry }) => [entry.candidate, answers.get(entry.question) ?? null]),
    );
    const tried = recordsOf(own, 'trials-planned').flatMap(({ entry }) =>
      entry.trials.flatMap(({ trial, label, configuration }) => {
        const result = results.get(trial);
        if (result === undefined) return [];
        return [{ changes: changesIn(label), netReturn: result.netReturn, selection: asked.get(configuration) ?? null }];
      }),
    );
    const night = tried.flatMap(({ changes, netReturn }) => (netReturn === null ? [] : [{ changes, netReturn }]));
    const incumbent = incumbentOf(began.strategy, began.parentTree);
    for (const one of tried) yield { cycle, ...one, incumbent, night };
  }
}

/** Null below the least number of trials that can be compared. */
function insightOf(change: string, sightings: readonly Sighting[]): Insight | null {
  const ran = sightings.flatMap((one) => (one.netReturn === null ? [] : [{ ...one, netReturn: one.netReturn }]));
  const others = new Map<string, number | null>();
  for (const { cycle, night } of ran) {
    if (others.has(cycle)) continue;
    const without = night.filter(({ changes }) => !changes.includes(change)).map(({ netReturn }) => netReturn);
    others.set(cycle, middle(without));
  }
  const leads = ran.flatMap(({ cycle, netReturn }) => {
    const other = others.get(cycle) ?? null;
    return other === null ? [] : [netReturn - other];
  });
  if (leads.length < LEAST_TRIALS) return null;
  const gains = ran.flatMap(({ netReturn, incumbent }) => (incumbent === null ? [] : [netReturn - incumbent]));
  const selected = sightings.filter(({ selection }) => selection !== null);
  return {
    change,
    trials: ran.length,
    rejected: sightings.length - ran.length,
    nights: new Set(sightings.map(({ cycle }) => cycle)).size,
    againstOthers: middle(leads),
    compared: leads.length,
    better: leads.filter((lead) => lead > 0).length,
    againstIncumbent: gains.length < LEAST_TRIALS ? null : middle(gains),
    comparedWithIncumbent: gains.length,
    asked: selected.length,
    held: selected.filter(({ selection }) => selection === 'above').length,
  };
}

function middle(values: readonly number[]): number | null {
  return quantileOf(values, 0.5);
}
