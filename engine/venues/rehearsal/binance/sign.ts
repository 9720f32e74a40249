import { createHmac, timingSafeEqual } from 'node:crypto';
import type { ApiKey, House } from '#engine/venues/rehearsal/dialect.ts';
import { BinanceRefusal, missing } from './refusal.ts';

const defaultWindowMs = 5_000;
const largestWindowMs = 60_000;
/** How far ahead of its own clock the exchange lets a timestamp be. */
const aheadMs = 1_000;

/**
 * The key whose owner signed `payload`, which is HMAC-SHA256 in hex over the parameters as they were sent; the timestamp must
 * be no older than `recvWindow` and not from the future.
 * @throws BinanceRefusal
 */
export function checkSignature(
  house: House,
  name: string | null,
  payload: string,
  signature: string | null,
  params: URLSearchParams,
): ApiKey {
  if (name === null) throw new BinanceRefusal(-2014, 'API-key format invalid.', 401);
  const key = house.keys.find((each) => each.key === name);
  if (key === undefined) throw new BinanceRefusal(-2015, 'Invalid API-key, IP, or permissions for action.', 401);
  if (signature === null) throw missing('signature');
  const expected = createHmac('sha256', key.secret).update(payload).digest();
  const given = Buffer.from(signature, 'hex');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw new BinanceRefusal(-1022, 'Signature for this request is not valid.');
  }
  const timestamp = Number(params.get('timestamp') ?? Number.NaN);
  if (!Number.isFinite(timestamp)) throw missing('timestamp');
  const window = Number(params.get('recvWindow') ?? defaultWindowMs);
  if (!(window > 0 && window <= largestWindowMs)) throw new BinanceRefusal(-1131, 'recvWindow must be less than 60000.');
  const now = house.wallNow();
  if (timestamp > now + aheadMs) {
    throw new BinanceRefusal(-1021, "Timestamp for this request was 1000ms ahead of the server's time.");
  }
  if (now - timestamp > window) throw new BinanceRefusal(-1021, 'Timestamp for this request is outside of the recvWindow.');
  return key;
}
