import type { z } from 'zod';

/** What cost money and is given again when a night is run again: answers by the question they were given to. */
export interface Journal {
  /** The answer an earlier run got to this very question, the n-th to the n-th time it is put; null when it must be asked. */
  replay<T>(question: string, schema: z.ZodType<T>): T | null;
  record(question: string, answer: z.core.util.JSONType): Promise<void>;
}
