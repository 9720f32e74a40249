import { readFileSync } from 'node:fs';
import { Argument, Command } from 'commander';
import { z } from 'zod';
import { RatchetError } from '#engine/errors.ts';
import { FaultAnswer, type FaultKind, faultKinds, faultPath } from '#engine/venues/rehearsal/fault-order.ts';
import * as option from '../option-parsers.ts';
import { workspaceAt } from '../up/workspace.ts';
import { rehearsalAt, rehearsalKeyIn } from './rehearsal-address.ts';

interface FaultFlags {
  workspace: string;
  for: number;
  rate: number;
  orders?: boolean;
  symbol?: string;
  asset?: string;
  amount?: string;
  by: number;
}

const answerMsMax = 10_000;

/** `ratchet rehearsal fault`: something goes wrong at the exchange that runs, now and for a while. */
export function faultCommand(): Command {
  return new Command('fault')
    .description('Let something go wrong at the exchange of this workspace, now and for a while; none ends it.')
    .addArgument(new Argument('<kind>', 'what').choices(faultKinds))
    .option('--workspace <dir>', 'the workspace of ratchet rehearsal', 'var')
    .option('--for <time>', 'how long what lasts goes on, by the day’s own time', option.span, 60_000)
    .option('--rate <share>', 'of how many requests or messages it happens to', Number, 1)
    .option('--orders', 'only requests that place or cancel orders')
    .option('--symbol <symbol>', 'of thin, order and trade; without it the first market')
    .option('--asset <asset>', 'of deposit')
    .option('--amount <amount>', 'of deposit, where below zero takes it out; of order and trade, what is bought')
    .option('--by <time>', 'of skew: how far its clock is ahead', option.span, 90_000)
    .action(run);
}

async function run(kind: FaultKind, flags: FaultFlags): Promise<void> {
  const { root } = workspaceAt(flags.workspace);
  const { rate, symbol, asset, amount } = flags;
  const order = { kind, forMs: flags.for, rate, ordersOnly: flags.orders === true, skewMs: flags.by, symbol, asset, amount };
  const answer = await ask(root, order);
  if ('wrong' in answer) throw new RatchetError('rehearsal/bad-fault', answer.wrong, 'See ratchet rehearsal fault --help.');
  console.log(answer.done);
}

async function ask(root: string, order: object): Promise<FaultAnswer> {
  const { baseUrl } = rehearsalAt(root);
  const { secret } = z.object({ secret: z.string() }).parse(JSON.parse(readFileSync(rehearsalKeyIn(root), 'utf8')));
  try {
    const answer = await fetch(`${baseUrl}${faultPath}`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${secret}` },
      body: JSON.stringify(order),
      signal: AbortSignal.timeout(answerMsMax),
    });
    return FaultAnswer.parse(await answer.json());
  } catch (error) {
    throw new RatchetError(
      'rehearsal/unreachable',
      `The exchange of ${root} does not answer at ${baseUrl}.`,
      'It may be down because you said so; else start it again with ratchet rehearsal.',
      { baseUrl },
      error,
    );
  }
}
