import type { KnownBad } from './known-bad.ts';
import { beforeDecisions, replaced } from './source-edits.ts';

/** A constant that is a share of the equity, as the house writes it; or the share itself where it is bought. */
const WEIGHT = /^(const weight = )(0?\.\d+);/m;
const SHARE = /(\.target\()(0?\.\d+)(?=,)/;

export const fullWeight: KnownBad = {
  fault: 'puts all of the equity into each of several symbols',
  plant(source) {
    // With one symbol it would only lack what is kept back for costs.
    if (!/^ *symbols: \[[^\]]*,\s*['"]/m.test(source)) return null;
    return replaced(source, WEIGHT, '$11;') ?? replaced(source, SHARE, '$11');
  },
  words: [
    /weight|equity|siz(?:e|ing)|exposure|capital|alloc|position/i,
    /\b(?:all|entire|full|whole|leverag|exceed|more than|over-?(?:alloc|invest|commit|expos|siz)|concentrat|every symbol|each (?:of|symbol)|reserve|kept back|twice|2x|double)|100 ?%|200 ?%/i,
  ],
};

export const averagesDown: KnownBad = {
  fault: 'buys more of what is losing',
  plant(source) {
    const weight = WEIGHT.test(source) ? 'weight' : SHARE.exec(source)?.[2];
    if (weight === undefined) return null;
    return beforeDecisions(source, (context) => [
      `if (${context}.position.openReturn < -0.01) return ${context}.target(Math.min(1, 2 * ${weight}), 'more at a better price');`,
    ]);
  },
  words: [
    /position|los(?:s|es|ing|er)|weight|siz(?:e|ing)|exposure|openReturn/i,
    /averag\w* down|martingale|doubl|add(?:s|ing)? (?:more )?to|buy(?:s|ing)? more|increas|enlarg|larger|more of|pyramid/i,
  ],
};
