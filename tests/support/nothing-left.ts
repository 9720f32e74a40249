import { afterAll, expect, vi } from 'vitest';

/**
 * Runs beside every test file. Files share a process and its modules, so each must leave the process as it found it: its environment,
 * its folder, its clock, its exit code, and no server that still listens. What vitest stubbed it takes back; the rest fails the file.
 */

const servers = (): number => process.getActiveResourcesInfo().filter((resource) => resource === 'TCPServerWrap').length;
const condition = () => ({ environment: { ...process.env }, folder: process.cwd(), exitCode: process.exitCode });

const before = condition();
const serversBefore = servers();

afterAll(async () => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
  vi.useRealTimers();
  const after = condition();
  const changed = Object.keys({ ...before.environment, ...after.environment }).filter(
    (name) => before.environment[name] !== after.environment[name],
  );
  expect({ ...after, environment: changed }, 'a test file changed its process').toEqual({ ...before, environment: [] });
  // A handle goes a turn of the event loop after it was closed.
  await vi.waitFor(() => expect(servers(), 'a test file left servers behind').toBeLessThanOrEqual(serversBefore));
});
