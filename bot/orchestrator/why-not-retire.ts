import { factsOf } from '#bot/gates/policy/facts.ts';
import { judge } from '#bot/gates/policy/judge.ts';
import { rulesOf } from '#bot/gates/policy/judge-change.ts';
import type { Night, NightOptions } from './night-options.ts';

/**
 * Asks of an ending what the policy gate will ask; null where it lets the bot propose one. Nobody's approval makes a night's proposal a
 * person's, so what is denied to the bot would stand there and could not be merged.
 */
export async function whyNotRetire(
  { repository, strategy }: Pick<NightOptions, 'repository' | 'strategy'>,
  { base, incumbent }: Pick<Night, 'base' | 'incumbent'>,
): Promise<string | null> {
  const paths = (await repository.listFiles(base, `strategies/${strategy}`)).map(({ path }) => path);
  const stages = { stage: 'none', stageBefore: incumbent.manifest.stage };
  const facts = factsOf(strategy, null, { author: 'bot', paths, ...stages, gates: {} });
  const denied = judge(await rulesOf({ repository }, base), facts).find((ruling) => !ruling.isAllowed);
  return denied === undefined ? null : denied.sentence;
}
