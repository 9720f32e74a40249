import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { editManifest } from '#bot/proposers/evolution/edit-manifest.ts';
import { blueprintWith } from './every-blueprint.ts';

const manifest = `# What runs on paper since spring.
id: ema-cross
description: Buys on a cross.
stage: paper
entry: strategy.ts
parameters:
  fast: 9 # bars
  # two per cent
  stopLoss: 0.02
  takeProfit: 0.04
blueprint:
  schema: ratchet/blueprint/1
  symbols: [BTC/USDT, ETH/USDT, SOL/USDT]
  timeframe: 1h
  signal: 1h
  entry: cross
  filters: [rsi, volume]
  protection: fixed
  exitOnCrossDown: true
`;

describe('editing a manifest', () => {
  it('changes a value and nothing else', () => {
    const edited = editManifest(manifest, { parameters: { stopLoss: 0.035 }, structure: undefined });
    expect(edited).toBe(manifest.replace('stopLoss: 0.02', 'stopLoss: 0.035'));
  });

  it('writes a new blueprint in place, drops the values of parameters that are gone and adds new ones', () => {
    const edited = editManifest(manifest, {
      parameters: { trailingStop: 0.05 },
      structure: {
        blueprint: blueprintWith({ signal: '4h', protection: 'trailing', filters: ['trend', 'rsi'] }),
        description: 'Buys on a cross of 4h averages.',
        declared: ['fast', 'trailingStop'],
      },
    });
    expect(edited).toBe(
      manifest
        .replace('Buys on a cross.', 'Buys on a cross of 4h averages.')
        .replace('  # two per cent\n  stopLoss: 0.02\n  takeProfit: 0.04\n', '  trailingStop: 0.05\n')
        .replace('signal: 1h', 'signal: 4h')
        .replace('[rsi, volume]', '[trend, rsi]')
        .replace('protection: fixed', 'protection: trailing'),
    );
  });

  it('makes room for values where the manifest had none', () => {
    const bare = 'id: ema-cross\nstage: paper\n';
    const edited = editManifest(bare, { parameters: { fast: 12, slow: 40 }, structure: undefined });
    expect(parse(edited)).toEqual({ id: 'ema-cross', stage: 'paper', parameters: { fast: 12, slow: 40 } });
    expect(edited.startsWith(bare)).toBe(true);
  });
});
