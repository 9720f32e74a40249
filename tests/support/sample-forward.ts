import { ForwardEvidence, READINESS_GATES, type Readiness } from '#bot/gates/forward-evidence.ts';

const DAY_MS = 86_400_000;

/** What a version on paper has shown in ninety days: all seven gates pass, and have for as long as is asked. */
export function sampleForward(change: Partial<ForwardEvidence> = {}, readiness: Partial<Readiness> = {}): ForwardEvidence {
  return ForwardEvidence.parse({
    schema: 'ratchet/forward/1',
    strategy: 'ema-cross',
    tree: 'a'.repeat(40),
    stage: 'paper',
    since: 0,
    asOf: 90 * DAY_MS,
    days: 90,
    result: { isHypothetical: false, trades: 60, netReturn: 0.04, maxDrawdown: 0.03 },
    health: [
      { day: '1970-03-30', due: 24, made: 23, signals: 0, refused: 0, faults: 1, netResult: 0 },
      { day: '1970-03-31', due: 24, made: 24, signals: 2, refused: 0, faults: 0, netResult: 1.5 },
    ],
    readiness: {
      target: 'canary',
      week: 88 * DAY_MS,
      gates: READINESS_GATES.map((gate) => ({ gate, verdict: 'pass', value: 0.5, limit: 0.25, sentence: `It saw ${gate}.` })),
      weeksHeld: readiness.isReady === false ? 3 : 4,
      weeksAsked: 4,
      isReady: true,
      obstacle: null,
      ...readiness,
    },
    ...change,
  });
}
