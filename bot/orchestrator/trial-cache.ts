import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { z } from 'zod';
import type { Evaluation } from '#bot/evidence/evaluation.ts';
import { Run } from '#bot/evidence/pack/run.ts';
import { type Digest, digestOfJson } from '#engine/attestation/canonical.ts';
import { SEMANTICS_VERSION } from '#engine/backtest/result-id.ts';
import type { BacktestResult } from '#engine/backtest/types.ts';

const Kept = z.strictObject({
  /** What was asked. */
  question: Run.shape.resultId,
  /** Over all the rest, the question included: what was cut short or moved to another name is found by it. */
  seal: Run.shape.resultDigest,
  result: z.strictObject({
    ...Run.shape,
    trades: z.array(z.record(z.string(), z.unknown())),
    equity: z.strictObject({ time: z.array(z.number()), value: z.array(z.number()) }),
    decisions: z.array(z.strictObject({ action: z.string(), reason: z.string(), count: z.number() })),
  }),
});

/**
 * What trials of a night came to, in a folder of the night's own, so that a night taken up again runs none of them twice. A file
 * answers one question alone: the configuration, and everything else a result depends on. On reading the question, the seal and the
 * result's own digest are made anew, and whatever is not as it was written is run again.
 *
 * Nobody has to believe it: what the ledger has of a trial must be what comes out of here, or the night ends; and of what is proposed
 * every number is made anew, by the examination and by the gates.
 */
export class TrialCache {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  read(question: Digest): BacktestResult | null {
    const kept = Kept.safeParse(this.#parsed(question));
    if (!kept.success) return null;
    const { seal, ...sealed } = kept.data;
    const { metrics, trades, equity, decisions } = sealed.result;
    const isWhole =
      sealed.question === question &&
      digestOfJson(sealed) === seal &&
      digestOfJson({ metrics, trades, equity, decisions }) === sealed.result.resultDigest;
    // The digest says that these are the trades the engine wrote.
    return isWhole ? (sealed.result as unknown as BacktestResult) : null;
  }

  write(question: Digest, { resultId, resultDigest, metrics, trades, equity, decisions }: BacktestResult): void {
    const sealed = { question, result: { resultId, resultDigest, metrics, trades, equity, decisions } };
    const path = this.#pathOf(question);
    // Whoever is killed while writing leaves a file of another name.
    writeFileSync(`${path}.part`, gzipSync(JSON.stringify({ ...sealed, seal: digestOfJson(sealed) }), { level: 1 }));
    renameSync(`${path}.part`, path);
  }

  #parsed(question: Digest): unknown {
    try {
      return JSON.parse(gunzipSync(readFileSync(this.#pathOf(question))).toString('utf8'));
    } catch {
      // Not there, cut short, or no JSON: the trial is run, as it would be without a cache.
      return null;
    }
  }

  #pathOf(question: Digest): string {
    return join(this.#folder, `${question.replace('sha256:', '')}.json.gz`);
  }
}

/** Names what a trial on the development data depends on: the strategy's files, the yardstick, and what fills mean. */
export function questionOf(strategy: string, configuration: Digest, yardstick: Evaluation): Digest {
  const { dataset, spans, markets, capital, seed } = yardstick;
  const asked = { strategy, configuration, dataset: dataset.digest, span: spans.development, markets, capital, seed };
  return digestOfJson({ ...asked, semantics: SEMANTICS_VERSION });
}
