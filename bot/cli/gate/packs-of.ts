import { PACK_PATH, Pack } from '#bot/evidence/pack.ts';
import { changedStrategies, type GateContext, readText } from '#bot/gates/context.ts';

/** The evidence of the changed strategies as the head has it. What cannot be read is left out here: the backtest gate refuses it with better words. */
export async function packsOf(context: Pick<GateContext, 'repository' | 'base' | 'head' | 'changes'>): Promise<readonly Pack[]> {
  const packs: Pack[] = [];
  for (const { id } of await changedStrategies(context)) {
    try {
      const text = await readText(context.repository, context.head, `strategies/${id}/${PACK_PATH}`);
      const parsed = text === null ? null : Pack.safeParse(JSON.parse(text));
      if (parsed?.success === true) packs.push(parsed.data);
    } catch (error) {
      // Neither UTF-8 nor JSON.
      if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
    }
  }
  return packs;
}
