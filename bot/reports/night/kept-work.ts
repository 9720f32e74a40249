import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { z } from 'zod';
import { Examined } from '#bot/orchestrator/choose.ts';
import { Plan } from '#bot/orchestrator/deliberate.ts';
import { NIGHT_STATE_PATH, type NightState, nightBranch, parseNightState } from '#bot/orchestrator/night-work/night-state.ts';
import { RECORDS, readRecord } from '#bot/orchestrator/night-work/record-text.ts';
import { Observation } from '#bot/orchestrator/observe.ts';
import { Study } from '#bot/orchestrator/studied.ts';
import { Review } from '#bot/proposers/author.ts';
import { explain, RatchetError } from '#engine/errors.ts';
import { Repository } from '#engine/repository/repository.ts';
import type { CommitHash } from '#engine/repository/types.ts';
import { worktreeAt } from '#engine/repository/worktrees.ts';

/** What a night has written down on its own branch, stage by stage; null for a stage it has not come to. */
export interface KeptWork {
  readonly state: NightState;
  readonly observation: Observation | null;
  readonly plan: Plan | null;
  readonly study: Study | null;
  /** In the order in which they were examined, each with what a model found in it. */
  readonly examined: readonly { readonly examined: Examined; readonly review: Review | null }[];
}

/** Where nights are kept on this machine. */
export interface NightPlaces {
  /** The folder of all nights' worktrees. */
  readonly worktrees: string;
  /** Bare repositories in which a night may stand as a branch, whatever became of its worktree. */
  readonly mirrors: readonly string[];
}

const RESCUED = 'ratchet/rescue/';

/**
 * Reads what a night wrote down, from its worktree's branch or from one by which a person has kept it.
 * @returns why there is nothing to read, where that is so
 */
export async function keptWork(cycle: string, places: NightPlaces | null): Promise<KeptWork | { readonly problem: string }> {
  if (places === null)
    return { problem: 'What nights write down while they go on stands in the workspace, which is not at hand here.' };
  try {
    const found = await tipOf(cycle, places);
    if (found !== null) return await readWork(found, places.worktrees);
  } catch (error) {
    if (!(error instanceof RatchetError)) throw error;
    return { problem: explain(error) };
  }
  return {
    problem: 'What it wrote down while it went on is not kept any more: its worktree is gone, or was on another machine.',
  };
}

interface Tip {
  readonly repository: Repository;
  readonly tip: CommitHash;
}

async function tipOf(cycle: string, { worktrees, mirrors }: NightPlaces): Promise<Tip | null> {
  const worktree = await worktreeAt(join(worktrees, cycle));
  if (worktree?.branch === nightBranch(cycle) && worktree.tip !== null)
    return { repository: worktree.repository, tip: worktree.tip };
  for (const dir of mirrors.filter((one) => existsSync(one))) {
    const repository = await Repository.open({ dir });
    for (const { name, tip } of await repository.branches()) {
      if (name !== nightBranch(cycle) && !name.startsWith(RESCUED)) continue;
      const text = await textAt({ repository, tip }, NIGHT_STATE_PATH);
      if (text !== null && parseNightState(text, dir).cycle === cycle) return { repository, tip };
    }
  }
  return null;
}

async function readWork(found: Tip, dir: string): Promise<KeptWork> {
  const state = parseNightState(await textAt(found, NIGHT_STATE_PATH), dir);
  const done = new Set(state.stages.map(({ name }) => name));
  const read = async <T>(name: NightState['stages'][number]['name'], schema: z.ZodType<T>): Promise<T | null> => {
    if (!done.has(name)) return null;
    const path = `${RECORDS}/${name}.json`;
    return readRecord(await textAt(found, path), schema, { path, dir });
  };
  const examined: KeptWork['examined'][number][] = [];
  for (let number = 1; done.has(`examine-${number}`); number += 1) {
    const one = await read(`examine-${number}`, Examined);
    if (one !== null) examined.push({ examined: one, review: await read(`review-${number}`, Review) });
  }
  return {
    state,
    observation: await read('observe', Observation),
    plan: await read('decide', Plan),
    study: await read('create', Study),
    examined,
  };
}

async function textAt({ repository, tip }: Tip, path: string): Promise<string | null> {
  const bytes = await repository.readFile(tip, path);
  return bytes === null ? null : Buffer.from(bytes).toString('utf8');
}
