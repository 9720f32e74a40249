import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exportRuns } from '#bot/runs/mlflow/export-runs.ts';
import { MlflowClient } from '#bot/runs/mlflow/mlflow-client.ts';
import { runsOfPack } from '#bot/runs/runs-of.ts';
import { type MlflowServer, startMlflowServer } from '#tests/support/mlflow-server.ts';
import { samplePack } from '#tests/support/sample-pack.ts';

const runs = runsOfPack(samplePack(), 'f'.repeat(40));
let server: MlflowServer;
beforeEach(async () => {
  server = await startMlflowServer();
});
afterEach(() => server.close());

const send = (these = runs, authorization: string | null = null, url = server.url) =>
  exportRuns(new MlflowClient({ url, authorization }), 'nights', these);

describe('runs sent to MLflow', () => {
  it('are there with what they are in tags, what went in as parameters and what came out as metrics', async () => {
    expect(await send()).toEqual({ experiment: 'nights', sent: 4, finished: 0, there: 0 });
    const run = runs[1]!;
    const kept = server.runs[1]!;
    expect(kept).toMatchObject({
      name: run.id,
      status: 'FINISHED',
      startTime: Date.UTC(2026, 2, 1),
      endTime: Date.UTC(2026, 2, 1),
    });
    expect(kept.tags.get('ratchet.run')).toBe(run.id);
    expect(kept.tags.get('ratchet.label')).toBe('candidate, selection data');
    expect(kept.tags.has('ratchet.reason')).toBe(false);
    expect(kept.params.get('fast')).toBe('14');
    expect(kept.params.get('setting.dataset')).toBe(run.setting!.dataset);
    expect(kept.params.get('search.trialsEver')).toBe('1284');
    expect(Object.fromEntries(kept.metrics.map(({ key, value }) => [key, value]))).toEqual(run.metrics);
  });

  it('are there once, however often they are sent', async () => {
    await send();
    const before = structuredClone(server.runs);
    expect(await send()).toMatchObject({ sent: 0, finished: 0, there: 4 });
    expect(server.runs).toEqual(before);
    expect(server.experiments).toHaveLength(1);
  });

  it.each([
    ['before the server had done what it was asked', false],
    ['after the server had done it', true],
  ])('are the same after an export that was cut off anywhere, %s, and the next one', async (_, losesAnswer) => {
    await send();
    const whole = structuredClone(server.runs);
    const requests = server.asked.length;
    for (let cutAfter = 0; cutAfter < requests; cutAfter += 1) {
      await server.close();
      server = await startMlflowServer();
      server.behave({ cutAfter, losesAnswer });
      await expect(send()).rejects.toMatchObject({ code: 'runs/mlflow-away' });
      server.behave({});
      const { sent, finished, there } = await send();
      expect(sent + finished + there).toBe(4);
      expect(server.runs).toEqual(whole);
    }
  });

  it('go in as many requests as MLflow’s limits ask for, and only what a begun run lacks', async () => {
    const many = (prefix: string, count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, n) => [`${prefix}${n}`, n]));
    const wide = { ...runs[0]!, parameters: many('p', 250), metrics: many('m', 2_100) };
    // Cut in the midst: the experiment, the search, the run and its first two batches have come through.
    server.behave({ cutAfter: 7 });
    await expect(send([wide])).rejects.toMatchObject({ code: 'runs/mlflow-away' });
    expect(server.runs[0]!.metrics.length).toBeGreaterThan(0);
    server.behave({});
    expect(await send([wide])).toMatchObject({ sent: 0, finished: 1 });
    expect(server.runs[0]!.metrics).toHaveLength(2_100);
    expect(server.runs[0]!.params.size).toBe(250 + 7 + 3);
  });

  it('are found over several pages', async () => {
    await send();
    server.behave({ pageSize: 1 });
    expect(await send()).toMatchObject({ sent: 0, there: 4 });
  });

  it('do not come back when somebody deleted them there', async () => {
    await send();
    server.runs[2]!.stage = 'deleted';
    expect(await send()).toMatchObject({ sent: 0, finished: 0, there: 4 });
    expect(server.runs).toHaveLength(4);
  });

  it('leave out a metric without a value, and cut words that are longer than MLflow takes', async () => {
    await send([{ ...runs[0]!, metrics: { netReturn: null }, label: 'long '.repeat(2_000) }]);
    expect(server.runs[0]!.metrics).toEqual([]);
    expect(server.runs[0]!.tags.get('ratchet.label')).toMatch(/^long long .*…$/);
  });
});

describe('an MLflow server that does not take them', () => {
  it('asks who this is', async () => {
    server.behave({ authorization: 'Bearer right' });
    await expect(send()).rejects.toMatchObject({
      code: 'runs/mlflow-refused',
      message: expect.stringContaining('asks who this is (401)'),
      remedy: expect.stringContaining('MLFLOW_TRACKING_TOKEN'),
    });
    const refused = await send(runs, 'Bearer wrong').catch((error: unknown) => error);
    expect(refused).toMatchObject({ message: expect.stringContaining('does not let this person in') });
    expect(JSON.stringify(refused) + String(refused)).not.toContain('wrong');
    expect(await send(runs, 'Bearer right')).toMatchObject({ sent: 4 });
  });

  it('says in its own words what it refuses', async () => {
    await expect(send([{ ...runs[0]!, parameters: { 'not=allowed': 1 } }])).rejects.toMatchObject({
      code: 'runs/mlflow-refused',
      message: expect.stringContaining('refused runs/log-batch: INVALID_PARAMETER_VALUE'),
    });
  });

  it('has an experiment of this name in its bin', async () => {
    await send();
    (server.experiments[0] as { stage: string }).stage = 'deleted';
    await expect(send()).rejects.toMatchObject({ code: 'runs/mlflow-experiment' });
  });

  it.each([
    ['is no MLflow at all', { status: 404, body: '<h1>Not here</h1>' }, 'it answered 404'],
    ['is down behind its proxy', { status: 502, body: 'Bad gateway' }, 'it answered 502'],
    ['answers with a page', { status: 200, body: '<h1>Welcome</h1>' }, 'another form'],
    ['leads elsewhere', { status: 302, body: '', location: 'http://127.0.0.1:9/' }, 'it answered 302'],
  ])('%s', async (_, answer, clause) => {
    server.say(answer);
    await expect(send()).rejects.toMatchObject({ code: 'runs/mlflow-answer', message: expect.stringContaining(clause) });
  });

  it('is not there', async () => {
    await server.close();
    await expect(send()).rejects.toMatchObject({
      code: 'runs/mlflow-away',
      message: expect.stringContaining('ECONNREFUSED'),
    });
    server = await startMlflowServer();
  });
});
