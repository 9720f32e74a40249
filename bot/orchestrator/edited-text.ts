import { PACK_PATH, Pack } from '#bot/evidence/pack.ts';
import type { PullRequestText } from '#bot/evidence/render.ts';
import type { CommandHelp } from '#bot/evidence/render-context.ts';
import { parseManifest } from '#bot/evidence/strategy-version.ts';
import { readText } from '#bot/gates/context.ts';
import type { PullRequest, RepositoryApi } from '#bot/github/repository-api.ts';
import type { CommitHash, Repository } from '#engine/repository/repository.ts';
import { textOf } from './propose.ts';

export interface EditedText {
  /** The evidence it should have said. */
  readonly path: string;
  /** What it should say. */
  readonly text: PullRequestText;
}

/**
 * What a pull request of the bot would say if it said what its evidence says, when it says something else: people decide by the
 * text, and anybody with write access can edit it. Null when it is as it was written, or carries no evidence that could be read.
 */
export async function editedText(
  pull: PullRequest,
  { repository, api, commands }: { repository: Repository; api: RepositoryApi; commands: readonly CommandHelp[] },
  base: CommitHash,
): Promise<EditedText | null> {
  const strategy = /^evolve\/([^/]+)\//.exec(pull.headRef)?.[1];
  const head = await repository.resolve(pull.headSha);
  if (strategy === undefined || head === null) return null;
  const path = `strategies/${strategy}/${PACK_PATH}`;
  const pack = readPack(await readText(repository, head, path));
  const manifest = await readText(repository, head, `strategies/${strategy}/manifest.yaml`);
  const proposedOn = await repository.mergeBase(base, head);
  // Without these the gates say what is wrong; there is no text to compare with.
  if (pack === null || manifest === null || proposedOn === null) return null;
  const { stage } = parseManifest(strategy, manifest);
  const text = await textOf(pack, { api, base: proposedOn, head, headRef: pull.headRef, stage, commands });
  return isSame(pull.title, text.title) && isSame(pull.body, text.body) ? null : { path, text };
}

function readPack(text: string | null): Pack | null {
  if (text === null) return null;
  try {
    const pack = Pack.safeParse(JSON.parse(text));
    return pack.success ? pack.data : null;
  } catch {
    return null;
  }
}

function isSame(left: string, right: string): boolean {
  return comparable(left) === comparable(right);
}

/**
 * A form in a browser sends other line ends, and may lose those at the end. The embedded forge may come back on another port, which
 * leads nobody astray: on whichever port, it is this machine.
 */
function comparable(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replaceAll(/http:\/\/127\.0\.0\.1:\d+/g, 'http://127.0.0.1')
    .trimEnd();
}
