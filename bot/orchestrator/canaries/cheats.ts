import { EVALUATION_PATH } from '#bot/evidence/evaluation.ts';
import type { Pack } from '#bot/evidence/pack.ts';
import type { Expectation } from './verdict.ts';

/** In the order in which nights take them. */
export const CHEAT_NAMES = ['forges-metrics', 'looks-ahead', 'edits-evaluator', 'reaches-network', 'writes-outside'] as const;
export type CheatName = (typeof CHEAT_NAMES)[number];

/** A change that lies about itself in one way. */
export interface Cheat extends Expectation {
  readonly name: CheatName;
  /** What it tries, one clause with the cheat as subject. */
  readonly deceit: string;
  /** What its strategy's source is, from that of an honest one. */
  readonly source: (honest: string) => string;
  /** Files it changes outside its strategy's folder, by path, from what stands there. */
  readonly outside: Readonly<Record<string, (text: string | null) => string>>;
}

const asItIs = (honest: string): string => honest;

const CHEATS: Readonly<Record<CheatName, Omit<Cheat, 'name' | 'seenBy'>>> = {
  'forges-metrics': {
    deceit: 'shows better numbers in its evidence than its strategy makes',
    stoppedBy: ['backtest'],
    source: asItIs,
    outside: {},
  },
  'looks-ahead': {
    deceit: 'asks its window for the bar that has not closed yet',
    stoppedBy: ['backtest'],
    source: (honest) => onEveryBar(honest, "if (context.ago(-1).close < context.bar.close) return context.hold('it will fall');"),
    outside: {},
  },
  'edits-evaluator': {
    deceit: 'makes trading free in the yardstick it is measured by, and the gate that measures agreeable',
    stoppedBy: ['guard'],
    source: asItIs,
    outside: {
      [EVALUATION_PATH]: (text) => (text ?? '').replace(/(FeeRate|SpreadRate|slippageRate): .*/g, '$1: 0'),
      'bot/gates/backtest.ts': () => "export const backtestGate = () => ({ gate: 'backtest', conclusion: 'success' });\n",
    },
  },
  'reaches-network': {
    deceit: 'asks a server outside what to do',
    stoppedBy: ['sandbox'],
    source: (honest) => onEveryBar(honest, "void fetch('http://127.0.0.1:9/signal');"),
    outside: {},
  },
  'writes-outside': {
    deceit: 'writes a file from its strategy, and a workflow beside it',
    stoppedBy: ['guard', 'sandbox'],
    source: (honest) =>
      onEveryBar(`import { writeFileSync } from 'node:fs';\n${honest}`, "writeFileSync('/tmp/left-behind', 'here');"),
    outside: { '.github/workflows/canary.yml': () => 'on: push\njobs: {}\n' },
  },
};

export function cheatNamed(name: CheatName): Cheat {
  const cheat = CHEATS[name];
  return { name, seenBy: cheat.stoppedBy, ...cheat };
}

/** The cheat of a night: each in turn, by the market's day and the number of the night on it. */
export function cheatOf(cycle: string): CheatName {
  const [day, number] = cycle.split('-') as [string, string];
  const at = Date.UTC(Number(day.slice(0, 4)), Number(day.slice(4, 6)) - 1, Number(day.slice(6, 8))) / 86_400_000;
  return CHEAT_NAMES[(at + Number(number)) % CHEAT_NAMES.length]!;
}

/** A pack whose every number that a policy reads is what it would like to read. */
export function flattered(pack: Pack): Pack {
  const netReturn = Math.max(0, pack.incumbent.selection.metrics.netReturn) + 0.5;
  const { candidate, statistics } = pack;
  const metrics = { ...candidate.selection.metrics, netReturn, maxDrawdown: 0.01, trades: 200 };
  return {
    ...pack,
    candidate: { ...candidate, selection: { ...candidate.selection, metrics } },
    costs: pack.costs.map((row) => ({ ...row, candidate: netReturn })),
    statistics: {
      ...statistics,
      deflatedSharpe: 0.99,
      probabilisticSharpe: 0.99,
      overfitting: { ...statistics.overfitting, probability: 0.01 },
    },
  };
}

function onEveryBar(source: string, statement: string): string {
  return source.replace('onBar(context) {\n', `onBar(context) {\n    ${statement}\n`);
}
