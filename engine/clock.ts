/** Time and waiting, as everything that trades is given them: the machine's own, or a virtual one that a simulation turns. */
export interface Clock {
  /** UTC milliseconds. */
  now(): number;
  /** Does `work` once, `ms` from now. What is returned takes it back. */
  after(ms: number, work: () => void): () => void;
}

export const systemClock: Clock = {
  now: Date.now,
  after: (ms, work) => {
    const timer = setTimeout(work, ms);
    return () => clearTimeout(timer);
  },
};

/** Runs on evenly, whatever is done to the machine's clock. What it shows is no time of day. */
export const steadyClock: Clock = { now: () => performance.now(), after: systemClock.after };

export function sleep(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => void clock.after(ms, resolve));
}

/** Whether it ends so soon. What it fails with is thrown. */
export async function isWithin(clock: Clock, work: Promise<unknown>, ms: number): Promise<boolean> {
  let cancel = (): void => undefined;
  const late = new Promise<boolean>((resolve) => {
    cancel = clock.after(ms, () => resolve(false));
  });
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    cancel();
  }
}
