import { sleep, systemClock } from '#engine/clock.ts';
import type { VirtualClock } from '#tests/simulate/virtual-clock.ts';
import type { ExchangeProcess } from './exchange-process.ts';
import type { Traffic } from './traffic.ts';

export interface Together {
  readonly clock: VirtualClock;
  readonly exchange: ExchangeProcess;
  readonly traffic: Traffic;
  /** Whether processes may be starting, whose work nobody here sees: time then goes on in small steps. */
  readonly isStarting: () => boolean;
  /** Ends when time may go on, where the exchange has nothing to do before `next`. */
  readonly mayGoOn: (next: number) => Promise<void>;
  readonly isOver: () => boolean;
}

const startingStepMs = 1_000;
const startingPauseMs = 3;
const longestStepMs = 60_000;

/**
 * Has the clock of this process and the exchange's go together: to what either has to do next, once nothing is under way between them. So a
 * week takes as long as its work, and no answer is late because a machine is slow.
 */
export async function turnTogether({ clock, exchange, traffic, isStarting, mayGoOn, isOver }: Together): Promise<void> {
  for (let next = clock.now(); ; ) {
    await traffic.settled();
    await mayGoOn(next);
    if (isOver()) return;
    if (isStarting()) await sleep(systemClock, startingPauseMs);
    const furthest = clock.now() + (isStarting() ? startingStepMs : longestStepMs);
    const turned = await exchange.turn({ until: Math.min(clock.next, furthest) });
    next = turned.next;
    while (await clock.step(turned.now)) await traffic.settled();
  }
}
