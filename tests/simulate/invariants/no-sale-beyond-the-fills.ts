import type { Invariant } from './evidence.ts';

/** No sale is sent of more than its strategy holds of the symbol by what the journal had then: its fills, less what was written off. */
export const noSaleBeyondTheFills: Invariant = ({ changed }) => {
  for (const { request, held } of changed.sent) {
    if (held === null || request.quantity.lte(held)) continue;
    return `${request.clientOrderId} sells ${request.quantity} ${request.symbol}; its strategy held ${held} by the journal.`;
  }
  return null;
};
