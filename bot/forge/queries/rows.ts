/** Rows as the tables hold them: see database/migrations.ts for the meaning of each column. */

export type UserType = 'User' | 'Bot' | 'Organization';
export type Role = 'read' | 'triage' | 'write' | 'maintain' | 'admin';

export interface UserRow {
  id: number;
  login: string;
  type: UserType;
  created_at: number;
}

/** A repository with its owner's name, which every address needs. */
export interface RepositoryRow {
  id: number;
  owner_id: number;
  owner: string;
  name: string;
  default_branch: string;
  visibility: 'public' | 'private';
  description: string | null;
  created_at: number;
  updated_at: number;
  pushed_at: number;
}

export interface AppRow {
  id: number;
  slug: string;
  name: string;
  owner_id: number;
  bot_user_id: number;
  public_key: string;
  permissions: string;
  events: string;
  webhook_url: string;
  webhook_secret: string;
  setup_url: string | null;
  created_at: number;
  updated_at: number;
}

export interface InstallationRow {
  id: number;
  app_id: number;
  account_id: number;
  created_at: number;
  updated_at: number;
}

export interface TokenRow {
  hash: string;
  user_id: number | null;
  installation_id: number | null;
  permissions: string | null;
  repository_ids: string | null;
  created_at: number;
  expires_at: number | null;
}

export interface IssueRow {
  id: number;
  repository_id: number;
  number: number;
  is_pull: 0 | 1;
  title: string;
  body: string | null;
  state: 'open' | 'closed';
  state_reason: string | null;
  author_id: number;
  app_id: number | null;
  closed_by_id: number | null;
  created_at: number;
  updated_at: number;
  closed_at: number | null;
}

/** A pull request: the issue it is, and what only a pull request has. */
export interface PullRow extends IssueRow {
  head_ref: string;
  head_sha: string;
  base_ref: string;
  base_sha: string;
  draft: 0 | 1;
  maintainer_can_modify: 0 | 1;
  merged_at: number | null;
  merged_by_id: number | null;
  merge_commit_sha: string | null;
}

export interface CommentRow {
  id: number;
  repository_id: number;
  issue_id: number;
  author_id: number;
  app_id: number | null;
  body: string;
  created_at: number;
  updated_at: number;
}

export interface LabelRow {
  id: number;
  repository_id: number;
  name: string;
  color: string;
  description: string | null;
}

export type ReactionContent = '+1' | '-1' | 'laugh' | 'confused' | 'heart' | 'hooray' | 'rocket' | 'eyes';

export interface ReactionRow {
  id: number;
  subject_type: 'issue' | 'comment';
  subject_id: number;
  user_id: number;
  content: ReactionContent;
  created_at: number;
}

export type ReviewState = 'PENDING' | 'COMMENTED' | 'APPROVED' | 'CHANGES_REQUESTED' | 'DISMISSED';

export interface ReviewRow {
  id: number;
  issue_id: number;
  author_id: number;
  state: ReviewState;
  body: string;
  commit_id: string;
  comments: string;
  submitted_at: number | null;
}

export interface CheckSuiteRow {
  id: number;
  repository_id: number;
  app_id: number;
  head_sha: string;
  head_branch: string | null;
  before_sha: string | null;
  created_at: number;
  updated_at: number;
}

export interface CheckRunRow {
  id: number;
  repository_id: number;
  suite_id: number;
  app_id: number;
  head_sha: string;
  name: string;
  status: string;
  conclusion: string | null;
  external_id: string;
  details_url: string | null;
  title: string | null;
  summary: string | null;
  text: string | null;
  actions: string;
  started_at: number;
  completed_at: number | null;
}

export interface AnnotationRow {
  id: number;
  check_run_id: number;
  path: string;
  start_line: number;
  end_line: number;
  start_column: number | null;
  end_column: number | null;
  level: string;
  message: string;
  title: string | null;
  raw_details: string | null;
}

export interface StatusRow {
  id: number;
  repository_id: number;
  sha: string;
  state: 'error' | 'failure' | 'pending' | 'success';
  context: string;
  description: string | null;
  target_url: string | null;
  creator_id: number;
  app_id: number | null;
  created_at: number;
}

export interface DeploymentRow {
  id: number;
  repository_id: number;
  sha: string;
  ref: string;
  task: string;
  environment: string;
  description: string | null;
  payload: string;
  transient_environment: 0 | 1;
  production_environment: 0 | 1;
  creator_id: number;
  app_id: number | null;
  created_at: number;
  updated_at: number;
}

export interface DeploymentStatusRow {
  id: number;
  deployment_id: number;
  state: string;
  description: string;
  environment: string;
  environment_url: string;
  log_url: string;
  creator_id: number;
  app_id: number | null;
  created_at: number;
}

export interface RulesetRow {
  id: number;
  repository_id: number;
  name: string;
  settings: string;
  created_at: number;
  updated_at: number;
}

export interface RefRow {
  repository_id: number;
  name: string;
  sha: string;
}

export interface IntentRow {
  id: number;
  repository_id: number;
  actor_id: number;
  app_id: number | null;
  ref: string;
  before_sha: string;
  after_sha: string;
  merge_issue_id: number | null;
  created_at: number;
}

export interface DeliveryRow {
  id: number;
  guid: string;
  app_id: number;
  installation_id: number | null;
  repository_id: number | null;
  event: string;
  action: string | null;
  payload: string;
  state: 'pending' | 'delivered' | 'failed';
  attempts: number;
  next_attempt_at: number;
  status_code: number | null;
  failure: string | null;
  is_redelivery: 0 | 1;
  created_at: number;
  delivered_at: number | null;
}
