import { Blueprint, Entry, Filter, Protection } from '#bot/proposers/evolution/blueprint.ts';

/** The blueprint of the first strategy, and one field or another changed. */
export function blueprintWith(changes: Partial<Blueprint> = {}): Blueprint {
  return Blueprint.parse({
    schema: 'ratchet/blueprint/1',
    symbols: ['BTC/USDT', 'ETH/USDT', 'SOL/USDT'],
    timeframe: '1h',
    signal: '1h',
    entry: 'cross',
    filters: ['rsi', 'volume'],
    protection: 'fixed',
    exitOnCrossDown: true,
    ...changes,
  });
}

/** Every combination of blocks, on bars of the base timeframe and on longer ones. */
export function everyBlueprint(): Blueprint[] {
  const blueprints: Blueprint[] = [];
  for (const signal of ['1h', '1d'] as const)
    for (const entry of Entry.options)
      for (const filters of subsets(Filter.options))
        for (const protection of Protection.options)
          for (const exitOnCrossDown of [true, false])
            blueprints.push(blueprintWith({ signal, entry, filters, protection, exitOnCrossDown }));
  return blueprints;
}

function subsets<T>(items: readonly T[]): T[][] {
  const [first, ...rest] = items;
  if (first === undefined) return [[]];
  return subsets(rest).flatMap((subset) => [subset, [first, ...subset]]);
}
