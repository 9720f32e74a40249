import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { counted, decimal, NO_VALUE, percent, signedDecimal, signedPercent } from '#bot/evidence/numbers.ts';
import { type ForwardEvidence, publishedForward } from '#bot/gates/forward-evidence.ts';
import { publishForward } from '#bot/readiness/publish.ts';
import { standing } from '#bot/readiness/readiness-text.ts';
import { RatchetError } from '#engine/errors.ts';
import { basicAuthorization } from '#engine/repository/remote.ts';
import { Repository } from '#engine/repository/repository.ts';
import { StateBranch } from '#engine/repository/state-branch.ts';
import { columned } from './columned.ts';
import { BOT_PERSON } from './identity.ts';
import { openForReading } from './open-mirror.ts';
import { hasRecord, measureHere } from './readiness/measure-here.ts';
import { workspaceAt } from './up/workspace.ts';

interface ReadinessFlags {
  readonly workspace: string;
  readonly repository?: string;
  readonly remote?: string;
  readonly publish?: boolean;
  readonly json?: boolean;
}

/** Where the token comes from when what was measured is to be published. */
const TOKEN_VARIABLE = 'RATCHET_GIT_TOKEN';

/** `ratchet readiness`: what a version has shown in the market, and what its next stage asks. */
export function readinessCommand(): Command {
  return new Command('readiness')
    .description('What each running version has shown outside backtests, and how the seven gates before its next stage stand.')
    .argument('[strategy]', 'one strategy (default: all that run)')
    .option('--workspace <dir>', 'the workspace', 'var')
    .option('--repository <dir>', 'read what was published in this clone instead of measuring')
    .option('--publish', `put what was measured on ratchet/state, for gates and people; a token is read from ${TOKEN_VARIABLE}`)
    .option('--remote <url>', 'where to publish, without a token in it')
    .option('--json', 'one JSON array')
    .action(async (strategy: string | undefined, flags: ReadinessFlags) => {
      const evidence = await evidenceFor(strategy ?? null, flags);
      if (strategy !== undefined && evidence.length === 0)
        throw new RatchetError(
          'readiness/no-strategy',
          `Nothing is known of ${JSON.stringify(strategy)} here.`,
          'See ratchet status.',
        );
      if (flags.json === true) console.log(JSON.stringify(evidence));
      else console.log(evidence.length === 0 ? 'Nothing has run for a whole day yet.' : evidence.map(inWords).join('\n\n'));
    });
}

async function evidenceFor(strategy: string | null, flags: ReadinessFlags): Promise<readonly ForwardEvidence[]> {
  const workspace = workspaceAt(flags.workspace);
  if (flags.publish === true) return published(strategy, flags);
  const { repository, state } = await openForReading(flags);
  if (flags.repository === undefined && hasRecord(workspace)) {
    return measureHere(workspace, { repository, state }, { now: Date.now(), only: strategy });
  }
  const known = await publishedForward(state.snapshot());
  return strategy === null ? known : known.filter((one) => one.strategy === strategy);
}

/** For the machine of an engine that no bot shares: measures all that runs there, and pushes it. */
async function published(strategy: string | null, flags: ReadinessFlags): Promise<readonly ForwardEvidence[]> {
  const { remote } = flags;
  if (remote === undefined) {
    const message = 'It was not said where to publish.';
    throw new RatchetError('readiness/no-remote', message, 'Give --remote URL. The bot of a workspace publishes by itself.');
  }
  const workspace = workspaceAt(flags.workspace);
  if (!hasRecord(workspace))
    throw new RatchetError('readiness/no-record', `No engine has run in ${flags.workspace}.`, 'Name the workspace it runs in.');
  const token = process.env[TOKEN_VARIABLE] ?? '';
  const dir = join(workspace.root, 'readiness');
  mkdirSync(dir, { recursive: true });
  const repository = await Repository.openMirror({
    dir: join(dir, 'mirror.git'),
    remoteUrl: remote,
    authorization: () => (token === '' ? '' : basicAuthorization('x-access-token', token)),
  });
  await repository.fetch();
  const state = await StateBranch.open({ repository, author: BOT_PERSON, clock: Date.now });
  const evidence = await measureHere(workspace, { repository, state }, { now: Date.now() });
  await publishForward(evidence, state);
  return strategy === null ? evidence : evidence.filter((one) => one.strategy === strategy);
}

const share = (value: number | null): string => (value === null ? NO_VALUE : percent(value));

function inWords({ strategy, stage, days, result, readiness, health }: ForwardEvidence): string {
  const did =
    result === null
      ? 'result unknown'
      : `${result.isHypothetical ? 'hypothetically ' : ''}${signedPercent(result.netReturn)} in ${counted(result.trades, 'trade')}, deepest fall ${percent(result.maxDrawdown)}`;
  const gates = (readiness?.gates ?? []).map(({ gate, verdict, value, limit, sentence }) => [
    gate,
    verdict,
    share(value),
    share(limit),
    sentence,
  ]);
  const worked = health.map(({ day, due, made, signals, refused, faults, netResult }) => [
    day,
    ...[due, made, signals, refused, faults].map(String),
    signedDecimal(netResult),
  ]);
  const headers = ['day', 'due', 'decided', 'signals', 'refused', 'faults', 'result'];
  return [
    `${strategy}, ${stage}: ${decimal(days, 1)} days, ${did}.`,
    standing(readiness).replaceAll('**', ''),
    ...(gates.length === 0 ? [] : [columned(['gate', 'verdict', 'value', 'limit', 'why'], gates, [2, 3])]),
    ...(worked.length === 0 ? [] : [columned(headers, worked, [1, 2, 3, 4, 5, 6])]),
  ].join('\n');
}
