import { minute } from '#bot/evidence/numbers.ts';
import { canonicalJson } from '#engine/attestation/canonical.ts';
import type { RunRecord } from './run-record.ts';

type Setting = NonNullable<RunRecord['setting']>;

export interface RunComparison {
  readonly a: string;
  readonly b: string;
  /** Why their metrics do not measure the same thing; empty when they do. */
  readonly caveats: readonly string[];
  readonly metrics: readonly {
    readonly name: string;
    readonly a: number | null;
    readonly b: number | null;
    /** B − A; null unless both are there. */
    readonly difference: number | null;
  }[];
  /** Names of parameters, and paths of files, that are not the same in both; null where one of the runs does not say. */
  readonly parameters: readonly string[] | null;
  readonly files: readonly string[] | null;
}

/** Two runs side by side, with all that keeps them from being comparable. */
export function compareRuns(a: RunRecord, b: RunRecord): RunComparison {
  const names = [...new Set([...Object.keys(a.metrics), ...Object.keys(b.metrics)])];
  return {
    a: a.id,
    b: b.id,
    caveats: caveatsOf(a, b),
    metrics: names.map((name) => {
      const [left, right] = [a.metrics[name] ?? null, b.metrics[name] ?? null];
      return { name, a: left, b: right, difference: left === null || right === null ? null : right - left };
    }),
    parameters: differing(a.parameters, b.parameters),
    files: differing(a.files, b.files),
  };
}

function caveatsOf(a: RunRecord, b: RunRecord): readonly string[] {
  if (a.setting === null || b.setting === null) {
    const areOfOneNight = a.setting === null && b.setting === null && a.cycle === b.cycle;
    return areOfOneNight ? [] : ['The ledger does not say on which data, span and costs a trial ran.'];
  }
  const [left, right] = [a.setting, b.setting];
  const titles = {
    dataset: 'dataset',
    markets: 'costs',
    from: 'begin',
    to: 'end',
    capital: 'capital',
    semantics: 'meaning of fills',
    seed: 'seed',
  };
  return (Object.keys(titles) as (keyof typeof titles)[])
    .filter((field) => left[field] !== right[field])
    .map((field) => `They differ in their ${titles[field]}: ${shown(field, left)} and ${shown(field, right)}.`);
}

function shown(field: keyof Setting, setting: Setting): string {
  return field === 'from' || field === 'to' ? minute(setting[field]) : String(setting[field]);
}

function differing(
  a: Readonly<Record<string, unknown>> | null,
  b: Readonly<Record<string, unknown>> | null,
): readonly string[] | null {
  if (a === null || b === null) return null;
  const text = (value: unknown): string => (value === undefined ? '' : canonicalJson(value));
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((name) => text(a[name]) !== text(b[name])).sort();
}
