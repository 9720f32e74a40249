import { EVALUATION_PATH, type Evaluation, parseEvaluation } from '#bot/evidence/evaluation.ts';
import { code, shellWord, table } from '#bot/evidence/markdown.ts';
import { count, day, days, decimal, percent, share, signedPercent } from '#bot/evidence/numbers.ts';
import { openWithCandles } from '#bot/evidence/open-with-candles.ts';
import { readVersion } from '#bot/evidence/strategy-version.ts';
import { requestFor } from '#bot/evidence/subject.ts';
import { changedStrategies, openChange, readText, strategyFiles } from '#bot/gates/context.ts';
import type { BacktestRequest, BacktestResult } from '#engine/backtest/types.ts';
import { columnsUntil } from '#engine/candles/cut-in-three.ts';
import { loadDataset } from '#engine/candles/load-dataset.ts';
import { timeframeMs } from '#engine/candles/timeframe.ts';
import { RatchetError } from '#engine/errors.ts';
import type { CommitHash } from '#engine/repository/repository.ts';
import type { CommandRoom, CommentCommand, Invocation } from '../command.ts';
import { deployedStrategy, tipOf } from '../deployed.ts';
import { type BacktestWish, backtestWish } from './backtest-wish.ts';

export const backtest: CommentCommand = {
  name: 'backtest',
  usage: '/backtest [key=value…]',
  summary: 'run the strategy over the development data, with other parameters, costs or days',
  help: [
    'On a proposal its head is run, elsewhere main. Keys: `strategy`, `from`, `to` (days, UTC), `fee-rate`, `slippage`, `delay` (bars), and every declared parameter by its name.',
    'Only the development data is used: what selection data and vault say must not leak by way of comments. Example: `/backtest fast=12 slow=50 fee-rate=0.002 from=2024-01-01`.',
  ].join('\n\n'),
  permission: 'work',
  needsPullRequest: false,
  wordsMax: Number.POSITIVE_INFINITY,
  lane: 'proofs',
  async answer(invocation, room) {
    const wish = backtestWish(invocation.words);
    const { repository } = room;
    const main = await tipOf(repository);
    const { commit, id } = await subjectOf(invocation, wish, main, room);
    const evaluation = parseEvaluation(await readText(repository, main, EVALUATION_PATH));
    const version = await readVersion(id, await strategyFiles(repository, commit, id));
    await invocation.say(`${id} at ${code(commit.slice(0, 12))} runs over the development data.`);
    const { dataset, spans } = evaluation;
    const candles = room.openCandles();
    const columns = (() => {
      try {
        return columnsUntil(loadDataset(candles, dataset), spans.development.to);
      } finally {
        candles.close();
      }
    })();
    const tester = await openWithCandles(version, dataset, columns);
    try {
      const barMs = timeframeMs(tester.describe().timeframe);
      const plain = requestFor(tester, version, evaluation, spans.development);
      const parameters = tester.fillParameters({ ...version.manifest.parameters, ...wish.parameters });
      const request = {
        ...withCosts(plain, wish),
        parameters,
        span: spanWithin(evaluation, wish, barMs),
        delayBars: wish.delayBars,
      };
      const result = await tester.run(request, { verify: true });
      return rendered(id, commit, request, result);
    } finally {
      await tester.close();
    }
  },
};

/** Which strategy at which commit: on a pull request the one it changes, as its head has it. */
async function subjectOf(
  { number, isPullRequest }: Invocation,
  wish: BacktestWish,
  main: CommitHash,
  { api, repository, state }: CommandRoom,
): Promise<{ commit: CommitHash; id: string }> {
  if (!isPullRequest) return { commit: main, id: await deployedStrategy(repository, main, wish.strategy) };
  const { headSha } = await api.pullRequest(number);
  const change = await openChange({ repository, state, author: 'person', base: main, head: headSha });
  const changed = (await changedStrategies(change)).filter(({ headTree }) => headTree !== null).map(({ id }) => id);
  const [only, ...others] = changed;
  const id = wish.strategy ?? (others.length === 0 ? only : undefined);
  return { commit: change.head, id: await deployedStrategy(repository, change.head, id) };
}

/** @throws RatchetError `commands/span` for days that are held out, or hold no bar */
function spanWithin({ spans: { development } }: Evaluation, { from, to }: BacktestWish, barMs: number): BacktestRequest['span'] {
  if (to !== null && to > development.to) {
    throw new RatchetError(
      'commands/held-out',
      `The days after ${day(development.to - 1)} are held out.`,
      'Selection data and vault answer the gates and nobody else; ask for earlier days.',
    );
  }
  const span = {
    from: from === null ? development.from : Math.max(development.from, Math.ceil(from / barMs) * barMs),
    to: to === null ? development.to : Math.floor(to / barMs) * barMs,
  };
  if (span.from < span.to) return span;
  throw new RatchetError('commands/span', 'There is no bar between those days.', `The development data is ${days(development)}.`);
}

function withCosts(request: BacktestRequest, { feeRate, slippageRate }: BacktestWish): BacktestRequest {
  const fees = feeRate === null ? {} : { makerFeeRate: feeRate, takerFeeRate: feeRate };
  const slippage = slippageRate === null ? {} : { slippageRate };
  const markets = Object.entries(request.markets).map(([symbol, rules]) => [symbol, { ...rules, ...fees, ...slippage }]);
  return { ...request, markets: Object.fromEntries(markets) };
}

function rendered(id: string, commit: string, { span, parameters, dataset }: BacktestRequest, result: BacktestResult): string {
  const { metrics, resultId } = result;
  const rows: readonly (readonly [string, string])[] = [
    ['Net return', signedPercent(metrics.netReturn)],
    ['Deepest drawdown', percent(metrics.maxDrawdown)],
    ['Sharpe ratio, annual', decimal(metrics.sharpe)],
    ['Trades', count(metrics.trades)],
    ['Win rate', share(metrics.winRate)],
    ['Profit factor', decimal(metrics.profitFactor)],
    ['Fees', decimal(metrics.fees)],
    ['Time in the market', share(metrics.exposure)],
  ];
  const columns = [
    { title: 'Development data', alignment: 'left' },
    { title: id, alignment: 'right' },
  ] as const;
  const used = Object.entries(parameters).map(([name, value]) => `${name}=${value}`);
  return [
    `${dataset.isSimulated ? 'SIMULATED. ' : ''}**${id}** at ${code(commit.slice(0, 12))}, ${days(span)}.`,
    table(columns, rows),
    `Parameters: ${used.length === 0 ? 'none' : code(used.map(shellWord).join(' '))}. Replayed from its intents, equal to the last digit. Result id ${code(resultId)}.`,
    'This is data that searches have seen: it says what the parameters do, not whether they are good.',
  ].join('\n\n');
}
