import { returnsByDay } from '#bot/evidence/ledger.ts';
import type { Walk, WalkForward } from '#bot/evidence/pack/walk-forward.ts';
import type { Subject } from '#bot/evidence/subject.ts';
import type { Span } from '#engine/candles/types.ts';
import { totalReturn } from '#engine/statistics/return-statistics.ts';
import { sharpeRatio } from '#engine/statistics/sharpe-ratio.ts';
import { annualReturn, annualSharpe } from './annual.ts';
import { configurationsOver } from './configurations.ts';
import { streamOf } from './streams.ts';

const DAY_MS = 86_400_000;
/** Of all days; the rest is walked in equal steps. */
const FIRST_SAMPLE_SHARE = 0.4;

/** A configuration and what it earned on each day of the whole span. */
export interface Track {
  readonly parameters: Readonly<Record<string, number>>;
  readonly returns: Float64Array;
}

/**
 * Whether the candidate's rules can be fitted to the past so that they earn in what comes after (Pardo 2008, chapter 11): in each
 * window the configuration with the best Sharpe ratio in the sample is taken and judged on the days behind it.
 *
 * What is walked is the rules with parameters chosen anew, from `configurations` spread over the declared ranges, not the candidate's
 * own values: those were found with hindsight. Each configuration is run once over the whole span and its daily returns are cut, so a
 * window takes over the position that its configuration held, and the change of configuration itself is not charged.
 * @param span development and selection data
 */
export async function walkForward(
  subject: Subject,
  span: Span,
  { seed, capital, windows, configurations }: { seed: number; capital: number; windows: number; configurations: number },
): Promise<WalkForward> {
  const chosen = configurationsOver(subject.ranges, configurations, streamOf(seed, 'walk-forward'));
  const results = await Promise.all(chosen.map((parameters) => subject.attempt({ parameters, span })));
  const tracks = chosen.flatMap((parameters, index): Track[] => {
    const result = results[index];
    return result === null || result === undefined ? [] : [{ parameters, returns: returnsByDay(result.equity, capital, span) }];
  });
  const firstDay = Math.floor(span.from / DAY_MS);
  return {
    configurations: tracks.length,
    anchored: walk(tracks, firstDay, windows, 'anchored'),
    rolling: walk(tracks, firstDay, windows, 'rolling'),
  };
}

/** @param firstDay days since 1970 of the tracks' first return */
export function walk(tracks: readonly Track[], firstDay: number, windows: number, kind: 'anchored' | 'rolling'): Walk {
  const days = tracks[0]?.returns.length ?? 0;
  const sample = Math.floor(days * FIRST_SAMPLE_SHARE);
  const step = (days - sample) / windows;
  const steps = step < 1 || sample < 2 ? 0 : windows;
  const made = Array.from({ length: steps }, (_, index) => {
    const split = sample + Math.floor(index * step);
    const end = sample + Math.floor((index + 1) * step);
    return windowOf(tracks, { start: kind === 'anchored' ? 0 : split - sample, split, end });
  });
  const outside = Float64Array.from(made.flatMap(({ outside }) => [...outside]));
  const inside = made.reduce((sum, { inSampleReturn }) => sum + inSampleReturn, 0);
  const gained = made.reduce((sum, { outOfSampleReturn }) => sum + outOfSampleReturn, 0);
  const span = (from: number, to: number): Span => ({ from: (firstDay + from) * DAY_MS, to: (firstDay + to) * DAY_MS });
  return {
    windows: made.map(({ days: { start, split, end }, outside: _, ...window }) => ({
      inSample: span(start, split),
      outOfSample: span(split, end),
      ...window,
    })),
    efficiency: inside > 0 ? gained / inside : null,
    netReturn: steps === 0 ? null : totalReturn(outside),
    sharpe: annualSharpe(outside),
    windowsAhead: made.filter(({ outOfSampleReturn }) => outOfSampleReturn > 0).length,
  };
}

interface Days {
  readonly start: number;
  readonly split: number;
  readonly end: number;
}

function windowOf(tracks: readonly Track[], days: Days) {
  const { start, split, end } = days;
  let best: Track | null = null;
  let most = Number.NEGATIVE_INFINITY;
  for (const track of tracks) {
    const ratio = sharpeRatio(track.returns.subarray(start, split));
    if (ratio === null || ratio <= most) continue;
    best = track;
    most = ratio;
  }
  // Where nothing was ever traded there is nothing to choose, and the window stays in cash.
  const outside = best?.returns.subarray(split, end) ?? new Float64Array(end - split);
  const inSampleReturn = annualReturn(best?.returns.subarray(start, split) ?? []);
  const outOfSampleReturn = annualReturn(outside);
  return {
    days,
    outside,
    parameters: best?.parameters ?? null,
    inSampleReturn,
    outOfSampleReturn,
    efficiency: inSampleReturn > 0 ? outOfSampleReturn / inSampleReturn : null,
  };
}
