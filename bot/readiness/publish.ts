import { FORWARD_FOLDER, type ForwardEvidence, forwardPath, forwardText } from '#bot/gates/forward-evidence.ts';
import type { StateBranch } from '#engine/repository/state-branch.ts';

/**
 * Puts what was measured on the state branch, where gates and people read it, and takes away what stands there of strategies that run no
 * more. What says the same is not written again.
 * @param evidence of everything that runs
 */
export async function publishForward(evidence: readonly ForwardEvidence[], state: StateBranch): Promise<void> {
  await state.update('forward: what the running versions have shown', async (current) => {
    const changes = new Map<string, Uint8Array | null>();
    for (const one of evidence) {
      const [path, text] = [forwardPath(one.strategy), forwardText(one)];
      if ((await current.readText(path)) !== text) changes.set(path, Buffer.from(text));
    }
    const running = new Set(evidence.map(({ strategy }) => forwardPath(strategy)));
    for (const path of await current.list(FORWARD_FOLDER)) if (!running.has(path)) changes.set(path, null);
    return changes;
  });
}
