import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { ApiKey, House, RestRequest } from '#engine/venues/rehearsal/dialect.ts';
import { KrakenRefusal } from './refusal.ts';

/**
 * API-Sign is HMAC-SHA512 over path + SHA256(nonce + body), keyed with the decoded secret; the nonce must be above the
 * highest that the key has used.
 */
export class KrakenKeys {
  readonly #house: House;
  readonly #nonces = new Map<string, number>();

  constructor(house: House) {
    this.#house = house;
  }

  /** The key whose owner sent the request. @throws KrakenRefusal */
  check(request: RestRequest, params: URLSearchParams): ApiKey {
    const key = this.#house.keys.find((each) => each.key === request.headers['api-key']);
    if (key === undefined) throw new KrakenRefusal('EAPI:Invalid key');
    const nonce = params.get('nonce') ?? '';
    const digest = createHash('sha256')
      .update(nonce + request.body)
      .digest();
    const expected = createHmac('sha512', Buffer.from(key.secret, 'base64')).update(request.path).update(digest).digest();
    const given = Buffer.from(String(request.headers['api-sign'] ?? ''), 'base64');
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw new KrakenRefusal('EAPI:Invalid signature');
    const number = Number(nonce);
    if (!Number.isSafeInteger(number) || number <= (this.#nonces.get(key.key) ?? 0))
      throw new KrakenRefusal('EAPI:Invalid nonce');
    this.#nonces.set(key.key, number);
    return key;
  }
}
