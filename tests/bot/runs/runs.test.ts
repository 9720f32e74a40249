import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InvalidArgumentError } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mlflowAccess, mlflowUrl } from '#bot/cli/runs/mlflow-access.ts';
import { appendToNight } from '#bot/evidence/ledger.ts';
import { compareRuns } from '#bot/runs/compare-runs.ts';
import { RunRecord } from '#bot/runs/run-record.ts';
import { runsOfPack } from '#bot/runs/runs-of.ts';
import { nightOf, someReturns } from '#tests/bot/evidence/ledger/sample-nights.ts';
import { startMlflowServer } from '#tests/support/mlflow-server.ts';
import { ratchetHere } from '#tests/support/ratchet-here.ts';
import { samplePack } from '#tests/support/sample-pack.ts';
import { createStateRepository, type StateRepository } from '#tests/support/state-repository.ts';

const pack = samplePack();
const [development, selection, oldDevelopment, oldSelection] = runsOfPack(pack, 'f'.repeat(40));

describe('two runs side by side', () => {
  it('on the same data are comparable, metric by metric', () => {
    const { caveats, metrics } = compareRuns(oldSelection!, selection!);
    expect(caveats).toEqual([]);
    const [a, b] = [pack.incumbent, pack.candidate].map((version) => version.selection.metrics.netReturn);
    expect(metrics.find(({ name }) => name === 'netReturn')).toEqual({ name: 'netReturn', a, b, difference: b! - a! });
  });

  it('say so when spans, data or costs are not the same, or not known', () => {
    expect(compareRuns(development!, selection!).caveats.join(' ')).toContain(
      'They differ in their begin: 2023-01-02 00:00 and 2025-01-01 00:00.',
    );
    const dearer = { ...selection!, setting: { ...selection!.setting!, markets: 'sha256:other' } };
    expect(compareRuns(selection!, dearer).caveats).toEqual([expect.stringContaining('They differ in their costs:')]);
    const trial = { ...selection!, setting: null };
    expect(compareRuns(trial, selection!).caveats).toHaveLength(1);
    expect(compareRuns(trial, { ...trial, cycle: '20200101-1' }).caveats).toHaveLength(1);
    expect(compareRuns(trial, trial).caveats).toEqual([]);
  });

  it('name the parameters and files that differ, and do not guess where a run has none', () => {
    const other = {
      ...selection!,
      parameters: { ...selection!.parameters, extra: 1 },
      files: { ...selection!.files, 'a.ts': 'x' },
    };
    expect(compareRuns(selection!, other)).toMatchObject({ parameters: ['extra'], files: ['a.ts'] });
    expect(compareRuns(selection!, oldDevelopment!).files).toBeNull();
  });
});

describe('ratchet runs', () => {
  let open: StateRepository;
  const runs = (...args: readonly string[]) => ratchetHere('runs', ...args, '--repository', open.repository.dir);
  beforeAll(async () => {
    open = await createStateRepository();
    await appendToNight(open.state, '20250103-1', nightOf('20250103-1', someReturns(2, { days: 30 })));
    await open.commitToMain(
      new Map([
        ['strategies/one/evidence/pack.json', JSON.stringify(pack)],
        ['strategies/two/evidence/pack.json', '{"schema":"ratchet/evidence/1"}'],
      ]),
    );
  });
  afterAll(() => open?.close());

  it('list has trials and packs in one form, and counts the packs it cannot read', async () => {
    const { runs: all, unread } = JSON.parse((await runs('list', '--json')).stdout);
    expect(all.map((run: unknown) => RunRecord.parse(run).id.split(':')[0])).toEqual([
      ...['trial', 'trial'],
      ...['pack', 'pack', 'pack', 'pack'],
    ]);
    expect(unread).toBe(1);
    expect((await runs('list')).stdout).toContain('1 pack of an older form left out.');
  });

  it('show and compare take ids from the list, and refuse others', async () => {
    expect((await runs('show', 'trial:20250103-1:1')).stdout).toContain('netReturn  0.010000');
    const said = (await runs('compare', 'trial:20250103-1:1', 'trial:20250103-1:2')).stdout;
    expect(said).not.toContain('NOT THE SAME');
    expect(said).toContain('Files that differ: not known');
    expect((await runs('show', 'trial:20250103-1:9')).stderr).toContain('There is no run trial:20250103-1:9.');
  });

  it('with --html write a page that stands by itself: figures, chart, and what keeps two apart', async () => {
    const { runs: all } = JSON.parse((await runs('list', '--json')).stdout);
    const [, trial, candidate, selection] = all.map(({ id }: { id: string }) => id);
    const file = join(open.repository.dir, 'page.html');
    expect((await runs('show', selection, '--html', file)).stdout).toBe(`Written to ${file}.\n`);
    const shown = readFileSync(file, 'utf8');
    expect(shown).toContain(`<h1>${selection}</h1>`);
    expect(shown.match(/<svg/g)).toHaveLength(1);

    await runs('compare', candidate, selection, '--html', file);
    const compared = readFileSync(file, 'utf8');
    expect(compared).toContain('<li>They differ in their begin:');
    expect(compared.match(/<svg/g)).toHaveLength(1);

    expect(JSON.parse((await runs('show', trial, '--html', file, '--json')).stdout).id).toBe(trial);
    expect(readFileSync(file, 'utf8')).not.toContain('<svg');
    expect((await runs('show', trial, '--html', join(file, 'no'))).stderr).toContain('could not be written');
  });

  it('export sends them to an MLflow server, and says how many were new', async () => {
    const server = await startMlflowServer();
    try {
      expect((await runs('export', '--mlflow', `${server.url}/`)).stdout).toContain('6 runs sent to ratchet,');
      expect(JSON.parse((await runs('export', '--mlflow', server.url, '--json')).stdout)).toEqual({
        ...{ experiment: 'ratchet', sent: 0, finished: 0, there: 6 },
        unread: 1,
      });
      expect(server.runs.map(({ status }) => status)).toEqual(Array(6).fill('FINISHED'));
    } finally {
      await server.close();
    }
    expect(await runs('export', '--mlflow', server.url)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('[runs/mlflow-away]'),
    });
    for (const url of ['mlflow', 'file:///tmp/mlruns', 'http://127.0.0.1/?a=b', 'http://me:secret@127.0.0.1'])
      expect(() => mlflowUrl(url)).toThrow(InvalidArgumentError);
  });

  it('export reads who it is where every client of MLflow does, a token before a password', () => {
    const password = { MLFLOW_TRACKING_USERNAME: 'ada', MLFLOW_TRACKING_PASSWORD: 'pass' };
    expect(mlflowAccess('http://a', {}).authorization).toBeNull();
    expect(mlflowAccess('http://a', password).authorization).toBe('Basic YWRhOnBhc3M=');
    expect(mlflowAccess('http://a', { ...password, MLFLOW_TRACKING_TOKEN: 't' }).authorization).toBe('Bearer t');
  });
});
