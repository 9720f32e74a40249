import { z } from 'zod';
import { timeframes } from './timeframe.ts';

const Digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'a digest is sha256: and 64 hexadecimal digits');

/** A dataset as files carry it: see `Dataset` in types.ts. That its digest is that of its entries only `loadDataset` can say. */
export const StoredDataset = z.strictObject({
  digest: Digest,
  isSimulated: z.boolean(),
  entries: z
    .array(
      z.strictObject({
        symbol: z.string(),
        timeframe: z.enum(timeframes),
        source: z.strictObject({ venue: z.string(), symbol: z.string(), timeframe: z.enum(timeframes) }),
        from: z.int(),
        to: z.int(),
        bars: z.int().positive(),
        digest: Digest,
      }),
    )
    .min(1),
});
