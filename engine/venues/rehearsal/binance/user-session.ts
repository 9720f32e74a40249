import { z } from 'zod';
import type { House, Outlet, StreamSession } from '#engine/venues/rehearsal/dialect.ts';
import type { ExchangeEvent } from '#engine/venues/rehearsal/exchange-types.ts';
import { BinanceRefusal } from './refusal.ts';
import { amount, executionReport, marketOf } from './rows.ts';
import { checkSignature } from './sign.ts';

const Request = z.object({
  id: z.union([z.number(), z.string(), z.null()]),
  method: z.string(),
  params: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
});
type Request = z.infer<typeof Request>;

/** One client of the websocket API, for the stream of a user's orders and balances. */
export class BinanceUserSession implements StreamSession {
  readonly #house: House;
  readonly #stream: Outlet;
  readonly #leave: () => void;
  #account: string | null = null;

  constructor(house: House, stream: Outlet) {
    this.#house = house;
    this.#stream = stream;
    this.#leave = house.exchange.on((event) => {
      if (event.order.account === this.#account) this.#tell(event);
    });
  }

  receive(message: unknown): void {
    const { success, data: request } = Request.safeParse(message);
    if (!success) {
      this.#refuse(null, new BinanceRefusal(-1000, 'Invalid request.'));
      return;
    }
    try {
      this.#stream.send(null, { id: request.id, status: 200, result: this.#resultOf(request), rateLimits: [] });
    } catch (error) {
      if (!(error instanceof BinanceRefusal)) throw error;
      this.#refuse(request.id, error);
    }
  }

  /** It tells of the user only. */
  pulse(): void {}

  close(): void {
    this.#leave();
  }

  #resultOf({ method, params = {} }: Request): unknown {
    if (method === 'ping') return {};
    if (method === 'time') return { serverTime: this.#house.now() };
    if (method === 'userDataStream.subscribe.signature') {
      this.#account = this.#accountOf(params);
      return { subscriptionId: 0 };
    }
    if (method === 'userDataStream.unsubscribe') {
      this.#account = null;
      return {};
    }
    throw new BinanceRefusal(-1000, `No such method: ${method}`);
  }

  /** Here the parameters are signed in the order of their names. */
  #accountOf({ signature, ...rest }: NonNullable<Request['params']>): string {
    const names = Object.keys(rest).sort();
    const payload = names.map((name) => `${name}=${rest[name]}`).join('&');
    const params = new URLSearchParams(payload);
    return checkSignature(this.#house, params.get('apiKey'), payload, signature === undefined ? null : String(signature), params)
      .account;
  }

  #tell(event: ExchangeEvent): void {
    if (event.kind === 'order' && event.order.state === 'filled') return;
    const { order } = event;
    const time = event.kind === 'fill' ? event.fill.time : (order.endedAt ?? order.triggeredAt ?? order.createdAt);
    const report = executionReport(
      order,
      marketOf(this.#house.exchange, order.symbol),
      event.kind === 'fill' ? event.fill : null,
      time,
    );
    this.#stream.send('executionReport', { subscriptionId: 0, event: report });
    const balances = [...this.#house.exchange.balances(order.account)];
    this.#stream.send('outboundAccountPosition', {
      subscriptionId: 0,
      event: {
        e: 'outboundAccountPosition',
        E: time,
        u: time,
        B: balances.map(([asset, { free, total }]) => ({ a: asset, f: amount(free), l: amount(total.minus(free)) })),
      },
    });
  }

  #refuse(id: Request['id'], { status, code, message: msg }: BinanceRefusal): void {
    this.#stream.send(null, { id, status, error: { code, msg }, rateLimits: [] });
  }
}
