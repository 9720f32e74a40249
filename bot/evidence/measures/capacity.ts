import type { Capacity } from '#bot/evidence/pack/robustness.ts';
import type { Subject } from '#bot/evidence/subject.ts';

/** A capacity is where so much of the net return is still there. */
const KEPT = 0.5;

/**
 * How much capital the candidate stands: it is run again with multiples of it on the selection data. A fill takes at most the market's
 * share of a bar's volume and the rest waits, so large orders are filled late or never, and the net return decays. That an order moves
 * the price is not simulated: real capacity is lower.
 * @param netReturn with the capital as it is
 */
export async function capacity(
  subject: Subject,
  netReturn: number,
  { capital, multiples }: { capital: number; multiples: readonly number[] },
): Promise<Capacity> {
  const capitals = multiples.map((multiple) => capital * multiple).sort((left, right) => left - right);
  const results = await Promise.all(capitals.map((larger) => subject.run({ capital: larger })));
  const rows = [
    { capital, netReturn },
    ...capitals.map((larger, index) => ({ capital: larger, netReturn: results[index]!.metrics.netReturn })),
  ];
  const gone = rows.findIndex((row) => row.netReturn < netReturn * KEPT);
  return { rows, holdsUpTo: netReturn > 0 ? rows.at(gone < 0 ? -1 : gone - 1)!.capital : null };
}
