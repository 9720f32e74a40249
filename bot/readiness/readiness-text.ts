import { code, table, text } from '#bot/evidence/markdown.ts';
import { amount, count, counted, day, decimal, NO_VALUE, percent, signedDecimal, signedPercent } from '#bot/evidence/numbers.ts';
import type { ForwardEvidence, GateReading, Readiness } from '#bot/gates/forward-evidence.ts';

const GATES: Readonly<Record<GateReading['gate'], string>> = {
  uptime: 'Uptime',
  decisions: 'Decisions',
  data: 'Data quality',
  stability: 'Edge stability',
  edge: 'Positive edge',
  drawdown: 'Drawdown',
  parity: 'Parity',
};

const COLUMNS = [
  { title: 'Gate', alignment: 'left' },
  { title: 'Verdict', alignment: 'left' },
  { title: 'Value', alignment: 'right' },
  { title: 'Limit', alignment: 'right' },
  { title: '', alignment: 'left' },
] as const;

/** Markdown: how a version stands before its next stage, with what each gate saw. */
export function readinessText(evidence: ForwardEvidence): string {
  return [shownSoFar(evidence), ...(evidence.readiness === null ? [] : [gateTable(evidence.readiness)])].join('\n\n');
}

/** Names the newest weekly report, in a sentence that is another every week. */
export function weeklyReport({ strategy, readiness }: ForwardEvidence): string {
  return readiness === null ? '' : `Weekly report of ${code(strategy)} up to ${day(readiness.week)}.`;
}

/** Its days in two sentences, and whether it is ready. */
export function shownSoFar({ strategy, stage, tree, since, asOf, days, result, readiness }: ForwardEvidence): string {
  const ran = `${code(strategy)} (tree ${code(tree.slice(0, 12))}) has been at **${stage}** from ${day(since)} to ${day(asOf)}, ${decimal(days, 1)} days.`;
  const did =
    result === null
      ? 'What it would have earned is not known.'
      : `${result.isHypothetical ? 'Had it traded, it would have made' : 'It made'} ${signedPercent(result.netReturn)} in ${counted(result.trades, 'closed trade')}, its deepest fall ${percent(result.maxDrawdown)}.`;
  return [ran, did, standing(readiness)].join(' ');
}

/** One sentence. */
export function standing(readiness: Readiness | null): string {
  if (readiness === null)
    return 'Nothing is asked of it: it is at the last stage, or policies/readiness.yaml names no limits for the next.';
  const { target, gates, weeksHeld, weeksAsked, isReady, obstacle } = readiness;
  const passed = gates.filter(({ verdict }) => verdict === 'pass').length;
  const held = `${passed} of ${gates.length} gates pass, all of them ${weeksHeld} of ${counted(weeksAsked, 'week')} in a row`;
  if (!isReady) return `It is not ready for **${target}**: ${held}.`;
  return `It is ready for **${target}**: ${held}.${obstacle === null ? '' : ` It is not proposed: ${text(obstacle)}`}`;
}

export function gateTable({ gates }: Readiness): string {
  const rows = gates.map(({ gate, verdict, value, limit, sentence }) => [
    GATES[gate],
    verdict === 'pass' ? 'pass' : `**${verdict}**`,
    shownAs(value),
    shownAs(limit),
    text(sentence),
  ]);
  return table(COLUMNS, rows);
}

/** Every value and every limit is a share. */
function shownAs(value: number | null): string {
  return value === null ? NO_VALUE : percent(value);
}

const HEALTH = [
  { title: 'Day', alignment: 'left' },
  { title: 'Bars due', alignment: 'right' },
  { title: 'Decided', alignment: 'right' },
  { title: 'Signals', alignment: 'right' },
  { title: 'Refused', alignment: 'right' },
  { title: 'Faults', alignment: 'right' },
  { title: 'Result', alignment: 'right' },
] as const;

/** Markdown: how it did its work, day by day. Empty before its first whole day. */
export function healthTable({ health }: Pick<ForwardEvidence, 'health'>): string {
  if (health.length === 0) return '';
  const rows = health.map(({ day: on, due, made, signals, refused, faults, netResult }) => [
    on,
    count(due),
    count(made),
    count(signals),
    count(refused),
    count(faults),
    Math.abs(netResult) >= 1_000 ? amount(netResult) : signedDecimal(netResult),
  ]);
  return table(HEALTH, rows);
}
