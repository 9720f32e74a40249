import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { buildArtifact, type StrategyArtifact } from '#engine/sandbox/artifact.ts';
import type { Json } from '#engine/sandbox/realm-api.ts';
import { Sandbox } from '#engine/sandbox/sandbox.ts';

const program = fileURLToPath(new URL('./evaluating-program.ts', import.meta.url));

async function artifactOf(source: string): Promise<StrategyArtifact> {
  const verdict = await buildArtifact(new Map([['strategy.ts', source]]), 'strategy.ts');
  if (!verdict.ok) throw new Error(verdict.findings.map((finding) => `${finding.line}: ${finding.message}`).join('\n'));
  return verdict.artifact;
}

/** Checks, builds and calls a default export that is a function wrapped in `defineStrategy`. */
async function ran(source: string, ...inputs: Json[]): Promise<Json[]> {
  const { code } = await artifactOf(source);
  const sandbox = await Sandbox.start({ program });
  try {
    await sandbox.call('load', code);
    const outputs: Json[] = [];
    for (const input of inputs) outputs.push((await sandbox.call('run', input)).output);
    return outputs;
  } finally {
    await sandbox.close();
  }
}

describe('ordinary code passes and runs', () => {
  it('closures, classes, Map, Set, destructuring, typed arrays, sorting, JSON, Math, labels, getters', async () => {
    const source = `
import { defineStrategy, type Context } from 'ratchet/contract';

/** A comment with letters of the world: é, ß, 中, Ж, ≥, and –. */
interface Regime {
  readonly name: string;
  readonly level: number;
}

const REGIMES: readonly Regime[] = [
  { name: 'calm', level: 0.01 },
  { name: 'wild', level: 0.05 },
];
const WEEKEND = new Set([0, 6]);
const WEIGHTS = new Map([['calm', 1], ['wild', 0.5]]);
const FACTORS = Object.freeze([1, 2, 3].map((x) => x * 0.5));
const HALF_LIFE = Math.log(2) / 20;
const above = (level: number) => (value: number) => value > level;

class Window {
  readonly #values: number[] = [];
  readonly size: number;
  constructor(size: number) {
    this.size = size;
  }
  get mean(): number {
    return this.#values.reduce((sum, value) => sum + value, 0) / this.#values.length;
  }
  add(...values: number[]): this {
    for (const value of values) this.#values.push(value);
    if (this.#values.length > this.size) this.#values.splice(0, this.#values.length - this.size);
    return this;
  }
}

class Weighted extends Window {
  static readonly SHIFT = 1;
  override get mean(): number {
    return super.mean + Weighted.SHIFT;
  }
}

function regimeOf(volatility: number): Regime | undefined {
  return REGIMES.findLast((regime) => volatility >= regime.level);
}

export default defineStrategy(((input: { prices: number[]; day?: number }, _context: Context) => {
  const { prices, day = 3, ...rest } = input;
  const [first, , third = 0] = prices;
  const returns = Float64Array.from(prices, (price, index) => price / prices[Math.max(0, index - 1)]! - 1);
  const sorted = [...returns].sort((a, b) => b - a);
  const counts = new Map<string, number>();
  outer: for (const value of returns) {
    for (const factor of FACTORS) {
      if (value * factor > 0.9) continue outer;
    }
    const key = value > 0 ? 'up' : 'down';
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  let text = '';
  for (const [key, count] of counts) text += \`\${key}=\${count};\`;
  const regime = regimeOf(Math.hypot(...sorted));
  switch (regime?.name) {
    case 'wild':
      text += 'w';
      break;
    default:
      text += '-';
  }
  const copy = JSON.parse(JSON.stringify(rest)) as object;
  do {
    text += '.';
  } while (text.length < 12);
  return {
    first, third, text, weekend: WEEKEND.has(day), weight: WEIGHTS.get(regime?.name ?? '') ?? null, mean: new Weighted(2).add(1, 2, 3).mean,
    power: Math.pow(2, 0.5), half: Number(HALF_LIFE.toFixed(4)), over: [1, 2, 3].filter(above(1)), keys: Object.keys(copy),
    top: sorted.at(0)!.toFixed(3), best: returns.indexOf(Math.max(...returns)),
  };
}) as never);
`;
    expect(await ran(source, { prices: [100, 110, 99], extra: true } as Json)).toEqual([
      {
        first: 100,
        third: 99,
        text: 'down=2;up=1;w.',
        weekend: false,
        weight: 0.5,
        mean: 3.5,
        power: Math.SQRT2,
        half: 0.0347,
        over: [2, 3],
        keys: ['extra'],
        top: '0.100',
        best: 1,
      },
    ]);
  });

  it('is built to the same bytes every time, from Windows line ends as well', async () => {
    const source = `import { defineStrategy } from 'ratchet/contract';\nexport default defineStrategy({ onBar: () => 1 });\n`;
    const first = await artifactOf(source);
    expect(await artifactOf(source)).toEqual(first);
    expect((await artifactOf(source.replaceAll('\n', '\r\n'))).code).toBe(first.code);
  });

  it('what stands at module level is frozen', async () => {
    const source = (body: string) => `import { defineStrategy } from 'ratchet/contract';
const TABLE = { levels: [1, 2] };
const PAIRS = new Map([['a', [1]]]);
class Box { static count = 0; }
function step() { return 1; }
export default defineStrategy((() => {
  ${body}
  return 'changed';
}) as never);`;
    for (const body of [
      'TABLE.levels.push(3);',
      'Box.count += 1;',
      '(step as any).memory = 1;',
      'PAIRS.get("a")!.push(1);',
      '(TABLE as any).next = 1;',
    ]) {
      await expect(ran(source(body), null)).rejects.toMatchObject({ code: 'sandbox/strategy-fault' });
    }
  });

  it('a fault names the line of the source, not of what runs', async () => {
    const source = `import { defineStrategy } from 'ratchet/contract';

interface Unused {
  readonly gone: number;
}

// A comment that is gone as well.
export default defineStrategy(((input: { x?: Unused }) => {

  return input.x!.gone;
}) as never);`;
    await expect(ran(source, {})).rejects.toMatchObject({ code: 'sandbox/strategy-fault', details: { line: 10 } });
  });
});
