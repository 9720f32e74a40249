import type { Statement } from '#engine/attestation/statement.ts';
import { parseManifest, type Stage } from '#engine/contract/manifest.ts';
import { type ChangeContext, readText, type StrategyChange } from './context.ts';
import { statementOver } from './proven-before.ts';

export interface StageChange {
  readonly from: Stage;
  readonly to: Stage;
}

/**
 * From which stage to which, when a change moves a strategy in nothing else: every file of its folder is the same to the byte, and so is
 * its manifest but for the line of the stage. Null for every other change.
 */
export async function onlyStage(
  { repository, base, head }: Pick<ChangeContext, 'repository' | 'base' | 'head'>,
  { id, baseTree, headTree }: StrategyChange,
): Promise<StageChange | null> {
  if (baseTree === null || headTree === null || baseTree === headTree) return null;
  const folder = `strategies/${id}`;
  const manifest = `${folder}/manifest.yaml`;
  const changed = await repository.diff(base, head);
  const own = changed.filter(({ path, previousPath }) => [path, previousPath].some((one) => one?.startsWith(`${folder}/`)));
  const [only] = own;
  if (own.length !== 1 || only!.path !== manifest || only!.status !== 'modified' || only!.mode !== '100644') return null;
  const [before, after] = await Promise.all([base, head].map((commit) => readText(repository, commit, manifest)));
  if (before == null || after == null) return null;
  const [from, to] = [stageIn(before), stageIn(after)];
  if (from === null || to === null || from === to) return null;
  return before.replace(STAGE_LINE, `stage: ${to}`) === after.replace(STAGE_LINE, `stage: ${to}`) ? { from, to } : null;
}

const STAGE_LINE = /^stage:.*$/m;

function stageIn(text: string): Stage | null {
  const parsed = parseManifest(text);
  return 'manifest' in parsed ? parsed.manifest.stage : null;
}

/**
 * The statement under which the same version runs at another stage, when a change moves it in nothing else: its evidence was made again,
 * byte for byte, when it came, and not a byte of what decides is another. Null for every other change, and for a version that was put in
 * place without evidence.
 */
export async function provenAtAnotherStage(context: ChangeContext, change: StrategyChange): Promise<Statement | null> {
  if ((await onlyStage(context, change)) === null) return null;
  const statement = await statementOver(context, { ...change, headTree: change.baseTree });
  return statement?.predicate.ratchet.kind === 'gates' ? statement : null;
}
