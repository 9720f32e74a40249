import type { Exchange } from 'ccxt';

/** What ccxt keeps of a stream. */
interface StreamClient {
  error: unknown;
  reset(error: unknown): void;
  readonly connection?: { terminate(): void };
}

/**
 * Ends every stream at once, so that the next question opens a new one. The other side is not waited for: it may be the one that
 * no longer answers. Who waits for a stream gets `error`.
 */
export function leaveStreams(exchange: Exchange, error: Error): void {
  const clients = Object.values(exchange.clients ?? {}) as unknown as StreamClient[];
  exchange.clients = {};
  for (const client of clients) {
    client.error = error;
    client.reset(error);
    client.connection?.terminate();
  }
}
