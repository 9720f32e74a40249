import type { Kind } from './store-growth.ts';
import type { VenueWeek } from './venue-week.ts';
import type { Week, WeekPoint } from './week.ts';

export const MEMORY_MEGABYTES_MAX = 50;
/** From a bar's close to its order at the exchange, at the median. */
export const ORDER_MS_MAX = 10;
/** Of a store's file: pages whose rows have gone into tiers and that no row has taken yet, and what is not written back from its log. */
const IDLE_MEGABYTES_MAX = 8;

const megabytes = (bytes: number): number => bytes / 1024 / 1024;
const count = (value: number): string => value.toLocaleString('en');
const met = (isMet: boolean): string => (isMet ? 'met' : 'MISSED');

/** One look at a week under way. */
export function pointLine({ bars, rss, heapUsed, storeBytes, sandboxBytes }: WeekPoint): string {
  const beside = sandboxBytes === null ? '' : `, ${megabytes(sandboxBytes).toFixed(0)} MB in its sandboxes`;
  return (
    `  after ${count(bars).padStart(6)} bars: ${megabytes(rss).toFixed(0)} MB resident, ${megabytes(heapUsed).toFixed(1)} MB of heap${beside}, ` +
    `${megabytes(storeBytes).toFixed(1)} MB in the store`
  );
}

/** What a week has shown. */
export interface WeekJudgement {
  readonly lines: readonly string[];
  readonly isMet: boolean;
}

/** From any look to any later one: what was let go first is no allowance for what comes. */
function largestRise(values: readonly number[]): number {
  let lowest = Number.POSITIVE_INFINITY;
  return values.reduce((rise, value) => {
    lowest = Math.min(lowest, value);
    return Math.max(rise, value - lowest);
  }, 0);
}

/** Whether memory stayed flat after the first look, and whether the store holds what it keeps and nothing else. */
export function judgeWeek(week: Omit<Week, 'seconds' | 'strategies'>): WeekJudgement {
  const { points, bars, symbols, decisions, kinds, fileBytes } = week;
  const rss = points.map((point) => point.rss + (point.sandboxBytes ?? 0));
  const grown = megabytes(largestRise(rss));
  const isFlat = grown < MEMORY_MEGABYTES_MAX;
  const idle = megabytes(fileBytes - kinds.reduce((sum, { bytes }) => sum + bytes, 0));
  const isBounded = kinds.every(({ isKept }) => isKept) && idle < IDLE_MEGABYTES_MAX;
  const isWhole = decisions >= bars * symbols;
  const lines = [
    `  ${count(decisions)} decisions accounted for, one by one or in runs; goal: at least ${count(bars * symbols)}, ${met(isWhole)}`,
    `  memory, sandboxes included: ${megabytes(rss[0]!).toFixed(0)} MB after warm-up, ${megabytes(rss.at(-1)!).toFixed(0)} MB at the end, ` +
      `${megabytes(Math.max(...rss)).toFixed(0)} MB at most; it rose by ${grown.toFixed(0)} MB; goal: within ${MEMORY_MEGABYTES_MAX} MB, ${met(isFlat)}`,
    ...kinds.filter(({ rows, isKept }) => rows > 32 || !isKept).map(kindLine),
    `  the store has ${megabytes(fileBytes).toFixed(1)} MB, ${idle.toFixed(1)} MB of it idle; goal: nothing but what it keeps, ${met(isBounded)}`,
  ];
  return { lines, isMet: isWhole && isFlat && isBounded };
}

/** Whether the exchange and the engine have the same orders and fills, and no bar was decided on late. */
export function judgeTrading({ end, kinds }: Pick<VenueWeek, 'end' | 'kinds'>): WeekJudgement {
  const { exchange, lateBars, requests, faults } = end;
  const rowsOf = (table: string): number => kinds.find((kind) => kind.table === table)?.rows ?? 0;
  const isSame = rowsOf('venueOrders') === exchange.orders && rowsOf('venueFills') === exchange.fills;
  const isAgreed = isSame && exchange.isMoneyConserved && lateBars === 0 && faults.length === 0;
  const median = percentile(exchange.answers, 0.5);
  const isQuick = median < ORDER_MS_MAX;
  const lines = [
    `  ${count(exchange.orders)} orders and ${count(exchange.fills)} fills at the exchange, ${count(rowsOf('venueOrders'))} and ` +
      `${count(rowsOf('venueFills'))} in the journal, money ${exchange.isMoneyConserved ? '' : 'NOT '}conserved, ${count(requests)} requests, ` +
      `${lateBars} bars late, ${faults.length} faults; goal: the same on both sides, ${met(isAgreed)}`,
    `  from the exchange's word that a bar has closed to the first order or cancellation that it brought: ${median.toFixed(1)} ms at the ` +
      `median of ${count(exchange.answers.length)} bars, ${percentile(exchange.answers, 0.99).toFixed(1)} ms at the 99th percentile; ` +
      `goal: under ${ORDER_MS_MAX} ms at the median, ${met(isQuick)}`,
    ...faults.slice(0, 5).map((fault) => `  ${fault}`),
  ];
  return { lines, isMet: isAgreed && isQuick };
}

function percentile(rising: readonly number[], share: number): number {
  return rising[Math.floor(share * rising.length)] ?? Number.NaN;
}

function kindLine({ table, rows, rowsMax, bytes, rowBytesMax, isKept }: Kind): string {
  return (
    `  ${table.padEnd(14)} ${count(rows).padStart(7)} rows of at most ${count(rowsMax).padStart(7)}, ` +
    `${(bytes / Math.max(1, rows)).toFixed(0).padStart(5)} bytes each of at most ${count(rowBytesMax)}${isKept ? '' : ': MORE THAN IT KEEPS'}`
  );
}
