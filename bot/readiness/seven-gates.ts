import { type GateReading, READINESS_GATES, type ReadinessGate } from '#bot/gates/forward-evidence.ts';
import { data } from './gates/data.ts';
import { decisions } from './gates/decisions.ts';
import { drawdown } from './gates/drawdown.ts';
import { edge } from './gates/edge.ts';
import { parity } from './gates/parity.ts';
import { type Judge, type Question, reading } from './gates/question.ts';
import { stability } from './gates/stability.ts';
import { uptime } from './gates/uptime.ts';

const JUDGES: Readonly<Record<ReadinessGate, Judge>> = { uptime, decisions, data, stability, edge, drawdown, parity };

/** Whether a version has shown enough for its next stage: seven readings, in the order in which they are shown. */
export function sevenGates(question: Question): readonly GateReading[] {
  return READINESS_GATES.map((gate) => reading(gate, JUDGES[gate], question));
}

export function allPass(readings: readonly GateReading[]): boolean {
  return readings.every(({ verdict }) => verdict === 'pass');
}
