/** One step of several that are independent of each other. */
export interface TurnStep {
  /** For whoever reads that it failed. */
  readonly name: string;
  readonly take: () => Promise<void>;
}

/**
 * Takes every step, one after another, whatever becomes of those before it.
 * @param onTrouble told of each step that failed, at once: only the first of them is thrown
 * @throws what the first that failed has thrown, unchanged: it may say when to come back
 */
export async function inTurn(
  steps: readonly TurnStep[],
  onTrouble: (name: string, error: unknown) => void = () => {},
): Promise<void> {
  const troubles: unknown[] = [];
  for (const { name, take } of steps) {
    try {
      await take();
    } catch (error) {
      troubles.push(error);
      onTrouble(name, error);
    }
  }
  if (troubles.length > 0) throw troubles[0];
}
