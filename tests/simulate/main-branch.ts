import { createHash } from 'node:crypto';
import { timeframeMs } from '#engine/candles/timeframe.ts';
import { sleep } from '#engine/clock.ts';
import type { Timeframe } from '#engine/contract/types.ts';
import { RatchetError } from '#engine/errors.ts';
import { commitHash } from '#engine/repository/names.ts';
import type { CommitHash } from '#engine/repository/types.ts';
import type { RiskPolicy } from '#engine/risk/risk-policy.ts';
import type { Examined } from '#engine/runtime/candidate.ts';
import { readHistory } from '#engine/runtime/history.ts';
import type { LoadVersion } from '#engine/runtime/loaded-version.ts';
import type { MainLook } from '#engine/runtime/main-look.ts';
import type { Dice } from './dice.ts';
import { drawVersion, type SimulatedVersion } from './draw-version.ts';
import type { Life } from './life.ts';
import { SeededMind } from './seeded-mind.ts';

export interface MainBranchOptions {
  readonly seed: number;
  readonly strategies: readonly string[];
  readonly feed: { readonly symbols: readonly string[]; readonly timeframe: Timeframe };
  readonly policy: RiskPolicy;
  readonly dice: Dice;
}

/** What a version is loaded for. */
export interface Loading {
  readonly life: Life;
  readonly isOver: () => boolean;
  readonly onRepeated: (what: string) => void;
  readonly onHistory: (columns: ReturnType<typeof readHistory>['columns'], until: number) => void;
}

/** What main asks for, without git: versions by the seed, and what may be lost. Each change is a commit. */
export class MainBranch {
  readonly #options: MainBranchOptions;
  readonly #wanted = new Map<string, SimulatedVersion>();
  readonly #versions = new Map<string, SimulatedVersion>();
  readonly #drawn = new Map<string, number>();
  #policy: RiskPolicy;
  #commits = 0;

  constructor(options: MainBranchOptions) {
    this.#options = options;
    this.#policy = options.policy;
    for (const strategy of options.strategies) this.deploy(strategy);
  }

  get policy(): RiskPolicy {
    return this.#policy;
  }

  get wanted(): ReadonlyMap<string, SimulatedVersion> {
    return this.#wanted;
  }

  versionOf(tree: string): SimulatedVersion {
    return this.#versions.get(tree)!;
  }

  deploy(strategy: string): SimulatedVersion {
    const { seed, feed } = this.#options;
    const number = this.#drawn.get(strategy) ?? 0;
    const version = drawVersion({ seed, strategy, number }, feed);
    this.#drawn.set(strategy, number + 1);
    this.#versions.set(version.tree, version);
    this.#wanted.set(strategy, version);
    this.#commits += 1;
    return version;
  }

  remove(strategy: string): void {
    this.#wanted.delete(strategy);
    this.#commits += 1;
  }

  setPolicy(policy: RiskPolicy): void {
    this.#policy = policy;
    this.#commits += 1;
  }

  look(): MainLook {
    const commit = this.#commit;
    return {
      commit,
      strategies: [...this.#wanted].map(([id, { tree }]) => ({ id, tree })),
      strangers: [],
      limits: this.#policy,
      problems: [],
      seen: commit,
      trusted: '',
      examine: async ({ tree }) => this.examine(tree),
      vouch: async () => null,
    };
  }

  /** Whether the version is proven, and what it needs to be loaded. */
  examine(tree: string): Examined {
    const { strategy, stage, weakness, tree: hash } = this.versionOf(tree);
    if (weakness === 'unsigned') return { ok: false, code: 'unsigned', reason: 'nobody vouches for it', isFinal: false };
    const manifest = { id: strategy, description: 'of the dice', stage, entry: 'strategy.ts', parameters: {} };
    const digest = `sha256:${hash}` as const;
    const artifact = { digest, sourceDigest: digest, code: '' };
    return { ok: true, candidate: { id: strategy, tree: hash, commit: this.#commit, manifest, artifact } };
  }

  /** As `loadVersion` does it, but for the process. */
  loader({ life, isOver, onRepeated, onHistory }: Loading): LoadVersion {
    const { seed, dice } = this.#options;
    return async ({ candidate, series, anchor, until, state }) => {
      const version = this.versionOf(candidate.tree);
      const { symbols, timeframe } = version;
      life.gate(`before loading ${candidate.id}`);
      await sleep(life.clock, dice.magnitude(5, 3_000));
      life.gate(`after loading ${candidate.id}`);
      if (version.weakness === 'does not load') {
        throw new RatchetError('sandbox/strategy-fault', 'The strategy failed: it cannot be loaded.', 'Look at it.');
      }
      const { columns, builder } = readHistory({ series, symbols, timeframe, since: anchor, barsBefore: 3, until });
      onHistory(columns, until);
      const live = new SeededMind({ seed, version, state, life, isOver, onRepeated });
      return { candidate, symbols, timeframe, barMs: timeframeMs(timeframe), anchor, live, builder, lacking: [] };
    };
  }

  get #commit(): CommitHash {
    return commitHash(createHash('sha1').update(`${this.#options.seed} commit ${this.#commits}`).digest('hex'));
  }
}
