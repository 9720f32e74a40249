import type { NightSchedule } from '#bot/orchestrator/night-schedule.ts';
import { ci } from './workflows/ci.ts';
import { codeql } from './workflows/codeql.ts';
import { docs } from './workflows/docs.ts';
import { gates } from './workflows/gates.ts';
import { nightly } from './workflows/nightly.ts';
import type { ProgramSource } from './workflows/parts.ts';
import { release } from './workflows/release.ts';
import { sign } from './workflows/sign.ts';

export type { ProgramSource } from './workflows/parts.ts';

export interface WorkflowOptions {
  readonly program: ProgramSource;
  /** When nights begin; at 02:17 UTC when left out. */
  readonly nights?: NightSchedule | undefined;
}

/** Off the full hour, at which GitHub is busiest and late. */
const AT_NIGHT: NightSchedule = { at: '17 2 * * *', timeZone: 'UTC' };

/**
 * The workflows of a repository that is evolved, by their paths in it. Ratchet's own `.github/workflows/` are these files with
 * `here`; other repositories name the commit of Ratchet whose code proves their changes. Same argument, same bytes.
 */
export function workflows({ program, nights = AT_NIGHT }: WorkflowOptions): Readonly<Record<string, string>> {
  const everywhere = {
    '.github/workflows/gates.yml': gates(program),
    '.github/workflows/sign.yml': sign(program),
    '.github/workflows/nightly.yml': nightly(program, nights),
    '.github/workflows/docs.yml': docs(program),
    '.github/workflows/codeql.yml': codeql(),
  };
  if (program !== 'here') return everywhere;
  return { ...everywhere, '.github/workflows/ci.yml': ci(), '.github/workflows/release.yml': release() };
}
