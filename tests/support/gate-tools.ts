import { createProgram } from '#bot/cli/program.ts';
import { shapeOf } from '#bot/gates/docs/command-shape.ts';
import type { GateTools } from '#bot/gates/gate-tools.ts';

/** Scanners that reach nobody: a change that brings no dependency passes all the same. */
export const gateTools: GateTools = {
  clock: () => Date.UTC(2026, 0, 1),
  program: shapeOf(createProgram()),
  audit: {
    npm: 'npm',
    pipAudit: 'pip-audit',
    npmRegistry: 'http://127.0.0.1:1/',
    osvUrl: 'http://127.0.0.1:1/v1/query',
    timeoutMs: 30_000,
  },
};
