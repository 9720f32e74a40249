import { PACK_PATH } from '#bot/evidence/pack.ts';
import { parseManifest } from '#bot/evidence/strategy-version.ts';
import { readText } from '#bot/gates/context.ts';
import { GATES_POLICY_PATH } from '#bot/gates/policies.ts';
import type { Stage } from '#engine/contract/manifest.ts';
import { RatchetError } from '#engine/errors.ts';
import type { Decider } from './decisions.ts';
import { tipOfMain } from './life-options.ts';
import { folderOf, noStrategy, type OnDemandOptions, openOnDemand, type Proposed, STAGE } from './on-demand.ts';

export interface StageRequest {
  readonly strategy: string;
  readonly stage: Stage;
  /** Null when the version's own readiness asks for it and nobody has decided yet. */
  readonly by: Decider | null;
  /** Markdown: what it has shown; left out where nobody measured it. */
  readonly shown?: string;
}

/**
 * Opens a pull request that changes the stage in a strategy's manifest and nothing else. What a stage asks for stands in
 * `policies/gates.yaml`, and the gates say what of it is missing. The bot's own wish is carried out once for each version and stage, whatever
 * became of it; a person may ask again.
 * @throws RatchetError `life/no-strategy`, `life/same-stage`, `life/foreign-commits`, `strategy/manifest`
 */
export async function proposeStage({ strategy, stage, by, shown }: StageRequest, options: OnDemandOptions): Promise<Proposed> {
  const { repository } = options;
  const folder = folderOf(strategy);
  const base = await tipOfMain(options);
  const path = `${folder}/manifest.yaml`;
  const text = await readText(repository, base, path);
  const tree = await repository.treeOf(base, folder);
  if (text === null || tree === null) throw noStrategy(strategy);
  const before = parseManifest(strategy, text).stage;
  if (before === stage)
    throw new RatchetError('life/same-stage', `${strategy} is at ${stage} already.`, 'Nothing was done.', { strategy, stage });
  const changed = text.replace(/^stage:.*$/m, `stage: ${stage}`);
  if (parseManifest(strategy, changed).stage !== stage)
    throw new RatchetError('strategy/manifest', `${path} has no line of its own for the stage.`, 'Change it by hand.', { path });
  return openOnDemand(
    {
      kind: STAGE,
      strategy,
      name: `${stage}-${tree.slice(0, 12)}`,
      base,
      changes: new Map([[path, Buffer.from(changed)]]),
      title: `${strategy}: from ${before} to ${stage}`,
      message: by === null ? 'What it has shown is enough for it.' : `Asked for by ${by.by}.`,
      isRepeatable: by !== null,
      body: (head) =>
        [
          `Changes \`stage:\` in \`${path}\` from **${before}** to **${stage}**, and nothing else.`,
          '',
          `${by === null ? `What the version has shown asks for it, and nobody has decided yet: a person who agrees ${whatToSay(stage, head)}.` : `Asked for by @${by.by}.`} What the stage demands stands in \`${GATES_POLICY_PATH}\`; the checks say what of it is missing. The evidence beside it (\`${folder}/${PACK_PATH}\`) is that of the version which runs.`,
          ...(shown === undefined ? [] : ['', '## What it has shown', '', shown]),
        ].join('\n'),
    },
    options,
  );
}

/** Where money trades, the gates deny what is the bot's alone: a person's word makes it that person's, and is followed by a second one. */
function whatToSay(stage: Stage, head: string): string {
  const merge = `\`/merge ${head}\``;
  return stage === 'canary' || stage === 'live'
    ? `comments \`/approve ${head}\`, and ${merge} once the checks have passed`
    : `comments ${merge}`;
}
