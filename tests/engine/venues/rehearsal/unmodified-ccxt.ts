import ccxt, { type Exchange } from 'ccxt';
import type { Rehearsal, RehearsalDialect } from '#engine/venues/rehearsal/start-rehearsal.ts';

/** ccxt as it comes from the registry, pointed at a rehearsal and at nothing else. */
export async function unmodifiedCcxt(dialect: RehearsalDialect, { baseUrl, key }: Rehearsal, timeout = 5_000): Promise<Exchange> {
  const sockets = baseUrl.replace('http', 'ws');
  const kraken = {
    public: baseUrl,
    private: baseUrl,
    zendesk: baseUrl,
    ws: {
      public: `${sockets}/v1`,
      private: `${sockets}/v1/private`,
      publicV2: `${sockets}/v2`,
      privateV2: `${sockets}/v2/private`,
    },
  };
  const binance = {
    public: `${baseUrl}/api/v3`,
    private: `${baseUrl}/api/v3`,
    sapi: `${baseUrl}/sapi/v1`,
    ws: { spot: `${sockets}/stream/ws`, 'ws-api': { spot: `${sockets}/ws-api/v3` } },
  };
  const client: Exchange = new ccxt.pro[dialect]({
    apiKey: key.key,
    secret: key.secret,
    enableRateLimit: false,
    timeout,
    options: { fetchCurrencies: false, fetchMargins: false, fetchMarkets: { types: ['spot'] } },
  });
  client.urls.api = dialect === 'kraken' ? kraken : binance;
  await client.loadHttpProxyAgent();
  return client;
}
