import type { Exchange } from 'ccxt';

/** What ccxt keeps of a stream. */
interface StreamClient {
  error: unknown;
  reset(error: unknown): void;
  /** What is waited for on this connection. Whoever asked a stream again before it stood may have left one that nobody hears. */
  readonly futures: Readonly<Record<string, Promise<unknown>>>;
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
    for (const future of Object.values(client.futures)) future.catch(() => {});
    client.reset(error);
    client.connection?.terminate();
  }
}
