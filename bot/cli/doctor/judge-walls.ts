import type { WallReport } from '#engine/sandbox/probe-platform.ts';
import { type Check, good, missing, weak } from './check.ts';

const NEWER_NODE = 'Use a Node that package.json allows: its permission model is this wall.';
const NAMESPACES = 'install bubblewrap, and allow unprivileged user namespaces where the system forbids them';

interface Wall {
  /** Without it no strategy may run here. */
  readonly isRequired: boolean;
  /** What it comes to when it holds. */
  readonly meaning: string;
  /** What puts it up. */
  readonly mend: string;
}

const WALLS: Readonly<Record<WallReport['wall'], Wall>> = {
  files: { isRequired: true, meaning: 'no file can be read', mend: NEWER_NODE },
  processes: { isRequired: true, meaning: 'no process can be started', mend: NEWER_NODE },
  threads: { isRequired: true, meaning: 'no thread can be started', mend: NEWER_NODE },
  environment: {
    isRequired: true,
    meaning: 'no variable is handed in',
    mend: 'Tell us: the process should be given an empty environment everywhere.',
  },
  memory: {
    isRequired: false,
    meaning: 'it is capped, ArrayBuffers included',
    mend: 'Use Linux with /bin/sh: its data limit is what counts a strategy’s ArrayBuffers.',
  },
  network: {
    isRequired: false,
    meaning: 'nothing can be reached',
    mend: `On Linux, ${NAMESPACES}; or use Node 26, whose permission model closes the network.`,
  },
  signals: { isRequired: false, meaning: 'nobody can be signalled', mend: `On Linux, ${NAMESPACES}.` },
  orphans: {
    isRequired: false,
    meaning: 'it ends with the engine',
    mend: 'On Linux, install bubblewrap, or setpriv (of util-linux).',
  },
};

export function judgeWall({ wall, holds, detail }: WallReport): Check {
  const name = `wall: ${wall}`;
  const { isRequired, meaning, mend } = WALLS[wall];
  if (holds) return good(name, `${meaning} (${detail})`);
  const found = `does not hold: ${detail}`;
  return isRequired ? missing(name, found, mend) : weak(name, found, mend);
}

/** @param why it cannot be used; null when it is */
export function judgeBubblewrap(path: string | null, why: string): Check {
  if (path !== null) return good('bubblewrap', path);
  return weak('bubblewrap', why, `On Linux, ${NAMESPACES}.`);
}
