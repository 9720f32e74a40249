import { z } from 'zod';
import type { ForgeDatabase } from '#bot/forge/database/open-database.ts';
import type { Found, Slice } from './issues.ts';

export interface WorkflowRunRow {
  id: number;
  repository_id: number;
  number: number;
  path: string;
  name: string;
  event: string;
  ref: string;
  sha: string;
  actor_id: number;
  inputs: string;
  status: 'queued' | 'in_progress' | 'completed';
  conclusion: string | null;
  created_at: number;
  updated_at: number;
}

export interface WorkflowJobRow {
  id: number;
  run_id: number;
  name: string;
  status: 'queued' | 'in_progress' | 'completed';
  conclusion: string | null;
  /** JSON: name and conclusion of each step. */
  steps: string;
  log: string;
  /** Markdown. */
  summary: string;
  started_at: number;
  completed_at: number | null;
}

/** Runs of a repository, newest first. */
export function findWorkflowRuns(database: ForgeDatabase, repositoryId: number, slice: Slice): Found<WorkflowRunRow> {
  const count = database.prepare<[number], { n: number }>('SELECT COUNT(*) AS n FROM workflow_runs WHERE repository_id = ?');
  return {
    total: count.get(repositoryId)!.n,
    rows: database
      .prepare<[object], WorkflowRunRow>(
        'SELECT * FROM workflow_runs WHERE repository_id = @repositoryId ORDER BY id DESC LIMIT @limit OFFSET @offset',
      )
      .all({ repositoryId, ...slice }),
  };
}

export function workflowRunById(database: ForgeDatabase, repositoryId: number, id: number): WorkflowRunRow | undefined {
  return database
    .prepare<[number, number], WorkflowRunRow>('SELECT * FROM workflow_runs WHERE repository_id = ? AND id = ?')
    .get(repositoryId, id);
}

export function jobsOfRun(database: ForgeDatabase, runId: number): WorkflowJobRow[] {
  return database.prepare<[number], WorkflowJobRow>('SELECT * FROM workflow_jobs WHERE run_id = ? ORDER BY id').all(runId);
}

const Texts = z.record(z.string(), z.string());

/** What jobs of a repository are told. */
export function actionsSettings(database: ForgeDatabase, repositoryId: number) {
  const row = database
    .prepare<[number], { variables: string; secrets: string }>(
      'SELECT variables, secrets FROM actions_settings WHERE repository_id = ?',
    )
    .get(repositoryId);
  return {
    variables: Texts.parse(JSON.parse(row?.variables ?? '{}')),
    secrets: z.record(z.string(), Texts).parse(JSON.parse(row?.secrets ?? '{}')),
  };
}
