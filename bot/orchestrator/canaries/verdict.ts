import type { GateResult } from '#bot/evidence/gate-result.ts';
import { FINAL_GATE, type GateName } from '#bot/gates/outcome.ts';

/** A gate that found something against a canary, in its own words. */
export interface Stop {
  readonly gate: string;
  readonly sentence: string;
}

/**
 * `stopped`: every gate that exists for it found it out. `slipped`: one of them, or all, let it through, which is an alarm. `not-judged`:
 * a gate could not look, so nothing is known of it; that is no success.
 */
export type Flight = 'stopped' | 'slipped' | 'not-judged';

export interface Verdict {
  readonly outcome: Flight;
  readonly stops: readonly Stop[];
  /** What happened, one sentence. */
  readonly sentence: string;
}

export interface Expectation {
  /** Gates of which each must find it out by itself: that another one stops it too does not mend a wall that is down. */
  readonly stoppedBy: readonly GateName[];
  /** Gates that must have looked for the answer to mean anything. */
  readonly seenBy: readonly GateName[];
}

/** What the gates' results say of a canary that each of the expected gates should stop. */
export function verdictOn({ stoppedBy, seenBy }: Expectation, results: readonly GateResult[]): Verdict {
  const of = (name: string) => results.find(({ gate }) => gate === name);
  const stops = results
    .filter(({ gate, conclusion, couldNotLook }) => gate !== FINAL_GATE && conclusion === 'failure' && couldNotLook !== true)
    .map(({ gate, title }): Stop => ({ gate, sentence: title }));
  if (of(FINAL_GATE)?.conclusion === 'success') return { outcome: 'slipped', stops, sentence: 'It passed every gate.' };
  const lenient = stoppedBy.filter((name) => of(name)?.conclusion === 'success');
  if (lenient.length > 0) {
    const others = stops.map(({ gate }) => gate).join(', ');
    const sentence = `It got past ${lenient.join(' and ')}${others === '' ? '' : `; only ${others} stopped it`}.`;
    return { outcome: 'slipped', stops, sentence };
  }
  const blind = [...new Set([...seenBy, ...stoppedBy])].filter((name) => {
    const result = of(name);
    return result === undefined || result.couldNotLook === true;
  });
  if (blind.length > 0) {
    const why = blind.map((name) => `${name}: ${of(name)?.title ?? 'did not run'}`).join('; ');
    return { outcome: 'not-judged', stops, sentence: `Nothing is known of it: ${why}` };
  }
  return { outcome: 'stopped', stops, sentence: stops.map(({ gate, sentence }) => `${gate}: ${sentence}`).join('; ') };
}
