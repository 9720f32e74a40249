import { RatchetError } from '#engine/errors.ts';
import type { DiskTrouble } from '#engine/store/disk-trouble.ts';

/** By this code an engine says that it has to be opened again, and that nothing else is wrong. */
export const beginAnew = 'engine/begin-anew';

const afterTrouble: Readonly<Record<DiskTrouble, string>> = {
  full: 'Make room',
  'read-only': 'Look why it may not be written, and mend that',
  failing: 'Look at the disk',
};

/** On this disk nothing can be written any more, and the engine was told to stop, or could not begin. */
export function endedOn(dir: string, trouble: DiskTrouble, cause: unknown): RatchetError {
  return new RatchetError(
    `engine/disk-${trouble}`,
    `The engine has ended, and the disk under ${dir} is ${trouble}: what came after the last bar on it is not recorded.`,
    `${afterTrouble[trouble]}, and start the engine again: it takes those bars anew.`,
    { dir, trouble },
    cause,
  );
}

/** Nothing more is sent before it was read again what is on disk. */
export function journalBehind(cause?: unknown): RatchetError {
  return new RatchetError(
    beginAnew,
    'The journal of orders may be behind what is in memory.',
    'Start the engine again: it goes on from what is on disk, and asks the venue first.',
    {},
    cause,
  );
}
