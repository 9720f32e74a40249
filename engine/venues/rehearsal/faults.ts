import { RandomStream } from '#engine/candles/random-stream.ts';

/**
 * What can go wrong with one request. `before`: the exchange never sees it. `after`: it does it, and the answer is lost.
 * `isDone` says whether what is answered as failed was done all the same.
 */
export type RestFault =
  | { readonly kind: 'timeout-before' | 'timeout-after' | 'drop-before' | 'drop-after' }
  /** Comes to the exchange twice; the first answer goes back. */
  | { readonly kind: 'duplicate' }
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'server-error'; readonly status?: number; readonly isDone?: boolean }
  | { readonly kind: 'rate-limit'; readonly retryAfterS?: number; readonly isBan?: boolean }
  | { readonly kind: 'order-rate-limit' }
  /** Kraken: the nonce is not above the last. Binance: the timestamp is outside the window. */
  | { readonly kind: 'nonce' }
  | { readonly kind: 'maintenance'; readonly isDone?: boolean }
  | { readonly kind: 'busy'; readonly isDone?: boolean }
  /** An answer cut in the middle. Done unless said otherwise. */
  | { readonly kind: 'malformed'; readonly isDone?: boolean };

/** What can become of one message of a stream; `late` comes after the next one. */
export type MessageFault = 'twice' | 'late' | 'lost';

export interface FaultPlan {
  readonly seed: number;
  /** Share of the calls that something happens to. */
  readonly rate: number;
  /** Default: everything that `RestFault` has, but delays. */
  readonly kinds?: readonly RestFault['kind'][];
  /** Only calls by these names; all where left out. */
  readonly calls?: readonly string[] | undefined;
  /** Share of the messages of private streams that something happens to. */
  readonly messageRate?: number;
  /** Default: everything that `MessageFault` has. */
  readonly messageKinds?: readonly MessageFault[];
}

/** Everything that a request may meet by chance. */
export const chanceFaults = [
  'timeout-before',
  'timeout-after',
  'drop-before',
  'drop-after',
  'duplicate',
  'server-error',
  'rate-limit',
  'order-rate-limit',
  'nonce',
  'maintenance',
  'busy',
  'malformed',
] as const satisfies readonly RestFault['kind'][];
const messageFaults: readonly MessageFault[] = ['twice', 'late', 'lost'];

/** Faults by order or by seed; both at once are possible, orders first. */
export class Faults {
  readonly #ordered = new Map<string, RestFault[]>();
  readonly #orderedMessages = new Map<string, MessageFault[]>();
  #plan: { readonly plan: FaultPlan; readonly random: RandomStream } | null = null;

  /**
   * The next requests by this name meet these faults, in this order. Names are the exchange's: `AddOrder` (Kraken),
   * `POST order` (Binance, below /api/v3); `*` is any.
   */
  next(call: string, ...faults: readonly RestFault[]): void {
    this.#ordered.set(call, [...(this.#ordered.get(call) ?? []), ...faults]);
  }

  /** The next messages of this channel meet these faults: `executions`, `ticker`, `ohlc` (Kraken); `executionReport`, `kline` (Binance). */
  nextMessage(channel: string, ...faults: readonly MessageFault[]): void {
    this.#orderedMessages.set(channel, [...(this.#orderedMessages.get(channel) ?? []), ...faults]);
  }

  /** From now on by chance, the same for the same seed and the same calls; null for never. */
  byChance(plan: FaultPlan | null): void {
    this.#plan = plan === null ? null : { plan, random: new RandomStream(plan.seed, 'faults') };
  }

  take(call: string): RestFault | null {
    const ordered = this.#ordered.get(call)?.shift() ?? this.#ordered.get('*')?.shift();
    if (ordered !== undefined) return ordered;
    if (this.#plan === null) return null;
    const { plan, random } = this.#plan;
    if (plan.calls?.includes(call) === false) return null;
    const [happens, which, isDone] = [random.uniform(), random.uniform(), random.uniform() < 0.5];
    if (happens >= plan.rate) return null;
    const kinds = plan.kinds ?? chanceFaults;
    const kind = kinds[Math.floor(which * kinds.length)]!;
    return kind === 'delay' ? { kind, ms: Math.round(which * 2_000) } : ({ kind, isDone } as RestFault);
  }

  takeMessage(channel: string): MessageFault | null {
    const ordered = this.#orderedMessages.get(channel)?.shift();
    if (ordered !== undefined) return ordered;
    if (this.#plan === null) return null;
    const { plan, random } = this.#plan;
    if ((plan.messageRate ?? 0) <= random.uniform()) return null;
    const kinds = plan.messageKinds ?? messageFaults;
    return kinds[Math.floor(random.uniform() * kinds.length)]!;
  }
}
