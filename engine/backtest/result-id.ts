import { type Digest, digestOfJson } from '#engine/attestation/canonical.ts';
import { SEMANTICS_VERSION } from '#engine/simulation/semantics.ts';
import type { BacktestRequest } from './types.ts';

export { SEMANTICS_VERSION };

/** Digest of everything a result depends on. Same id, same bytes. The dataset goes in by its own digest. */
export function resultIdOf(request: BacktestRequest): Digest {
  const { artifact, parameters, dataset, span, markets, capital, seed, delayBars } = request;
  const from = { artifact, parameters, dataset: dataset.digest, span, markets, capital, seed, delayBars };
  return digestOfJson({ ...from, semantics: SEMANTICS_VERSION });
}
