/**
 * The forge's tables. Times are milliseconds since 1970; hashes are lower-case hexadecimal; lists and maps are JSON text.
 * A migration, once released, is never edited: append the next one.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    login TEXT NOT NULL COLLATE NOCASE UNIQUE,
    type TEXT NOT NULL CHECK (type IN ('User', 'Bot', 'Organization')),
    created_at INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE repositories (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    owner_id INTEGER NOT NULL REFERENCES users (id),
    name TEXT NOT NULL COLLATE NOCASE,
    default_branch TEXT NOT NULL,
    visibility TEXT NOT NULL CHECK (visibility IN ('public', 'private')),
    description TEXT,
    next_number INTEGER NOT NULL DEFAULT 1,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    pushed_at INTEGER NOT NULL,
    UNIQUE (owner_id, name)
  ) STRICT;

  CREATE TABLE collaborators (
    repository_id INTEGER NOT NULL REFERENCES repositories (id),
    user_id INTEGER NOT NULL REFERENCES users (id),
    role TEXT NOT NULL CHECK (role IN ('read', 'triage', 'write', 'maintain', 'admin')),
    PRIMARY KEY (repository_id, user_id)
  ) STRICT;

  CREATE TABLE apps (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    owner_id INTEGER NOT NULL REFERENCES users (id),
    bot_user_id INTEGER NOT NULL REFERENCES users (id),
    public_key TEXT NOT NULL,
    permissions TEXT NOT NULL,
    events TEXT NOT NULL,
    webhook_url TEXT NOT NULL,
    webhook_secret TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE installations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    app_id INTEGER NOT NULL REFERENCES apps (id),
    account_id INTEGER NOT NULL REFERENCES users (id),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (app_id, account_id)
  ) STRICT;

  CREATE TABLE installation_repositories (
    installation_id INTEGER NOT NULL REFERENCES installations (id),
    repository_id INTEGER NOT NULL REFERENCES repositories (id),
    PRIMARY KEY (installation_id, repository_id)
  ) STRICT;

  CREATE TABLE tokens (
    hash TEXT PRIMARY KEY,
    user_id INTEGER REFERENCES users (id),
    installation_id INTEGER REFERENCES installations (id),
    permissions TEXT,
    repository_ids TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    CHECK ((user_id IS NULL) <> (installation_id IS NULL))
  ) STRICT;

  CREATE TABLE issues (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    repository_id INTEGER NOT NULL REFERENCES repositories (id),
    number INTEGER NOT NULL,
    is_pull INTEGER NOT NULL,
    title TEXT NOT NULL,
    body TEXT,
    state TEXT NOT NULL CHECK (state IN ('open', 'closed')),
    state_reason TEXT,
    author_id INTEGER NOT NULL REFERENCES users (id),
    app_id INTEGER REFERENCES apps (id),
    closed_by_id INTEGER REFERENCES users (id),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    closed_at INTEGER,
    UNIQUE (repository_id, number)
  ) STRICT;

  CREATE TABLE pulls (
    issue_id INTEGER PRIMARY KEY REFERENCES issues (id),
    repository_id INTEGER NOT NULL REFERENCES repositories (id),
    head_ref TEXT NOT NULL,
    head_sha TEXT NOT NULL,
    base_ref TEXT NOT NULL,
    base_sha TEXT NOT NULL,
    draft INTEGER NOT NULL,
    maintainer_can_modify INTEGER NOT NULL,
    merged_at INTEGER,
    merged_by_id INTEGER REFERENCES users (id),
    merge_commit_sha TEXT
  ) STRICT;
  CREATE INDEX pulls_by_head ON pulls (repository_id, head_ref);

  CREATE TABLE comments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    repository_id INTEGER NOT NULL REFERENCES repositories (id),
    issue_id INTEGER NOT NULL REFERENCES issues (id),
    author_id INTEGER NOT NULL REFERENCES users (id),
    app_id INTEGER REFERENCES apps (id),
    body TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX comments_by_issue ON comments (issue_id, id);

  CREATE TABLE labels (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    repository_id INTEGER NOT NULL REFERENCES repositories (id),
    name TEXT NOT NULL COLLATE NOCASE,
    color TEXT NOT NULL,
    description TEXT,
    UNIQUE (repository_id, name)
  ) STRICT;

  CREATE TABLE issue_labels (
    issue_id INTEGER NOT NULL REFERENCES issues (id),
    label_id INTEGER NOT NULL REFERENCES labels (id),
    PRIMARY KEY (issue_id, label_id)
  ) STRICT;

  CREATE TABLE reactions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    subject_type TEXT NOT NULL CHECK (subject_type IN ('issue', 'comment')),
    subject_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL REFERENCES users (id),
    content TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (subject_type, subject_id, user_id, content)
  ) STRICT;

  CREATE TABLE reviews (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    issue_id INTEGER NOT NULL REFERENCES issues (id),
    author_id INTEGER NOT NULL REFERENCES users (id),
    state TEXT NOT NULL CHECK (state IN ('PENDING', 'COMMENTED', 'APPROVED', 'CHANGES_REQUESTED', 'DISMISSED')),
    body TEXT NOT NULL,
    commit_id TEXT NOT NULL,
    comments TEXT NOT NULL,
    submitted_at INTEGER
  ) STRICT;
  CREATE INDEX reviews_by_issue ON reviews (issue_id, id);

  CREATE TABLE check_suites (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    repository_id INTEGER NOT NULL REFERENCES repositories (id),
    app_id INTEGER NOT NULL REFERENCES apps (id),
    head_sha TEXT NOT NULL,
    head_branch TEXT,
    before_sha TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (repository_id, app_id, head_sha)
  ) STRICT;

  CREATE TABLE check_runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    repository_id INTEGER NOT NULL REFERENCES repositories (id),
    suite_id INTEGER NOT NULL REFERENCES check_suites (id),
    app_id INTEGER NOT NULL REFERENCES apps (id),
    head_sha TEXT NOT NULL,
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    conclusion TEXT,
    external_id TEXT NOT NULL,
    details_url TEXT,
    title TEXT,
    summary TEXT,
    text TEXT,
    actions TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    completed_at INTEGER
  ) STRICT;
  CREATE INDEX check_runs_by_sha ON check_runs (repository_id, head_sha, id);

  CREATE TABLE annotations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    check_run_id INTEGER NOT NULL REFERENCES check_runs (id),
    path TEXT NOT NULL,
    start_line INTEGER NOT NULL,
    end_line INTEGER NOT NULL,
    start_column INTEGER,
    end_column INTEGER,
    level TEXT NOT NULL,
    message TEXT NOT NULL,
    title TEXT,
    raw_details TEXT
  ) STRICT;
  CREATE INDEX annotations_by_run ON annotations (check_run_id, id);

  CREATE TABLE statuses (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    repository_id INTEGER NOT NULL REFERENCES repositories (id),
    sha TEXT NOT NULL,
    state TEXT NOT NULL,
    context TEXT NOT NULL,
    description TEXT,
    target_url TEXT,
    creator_id INTEGER NOT NULL REFERENCES users (id),
    app_id INTEGER REFERENCES apps (id),
    created_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX statuses_by_sha ON statuses (repository_id, sha, id);

  CREATE TABLE deployments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    repository_id INTEGER NOT NULL REFERENCES repositories (id),
    sha TEXT NOT NULL,
    ref TEXT NOT NULL,
    task TEXT NOT NULL,
    environment TEXT NOT NULL,
    description TEXT,
    payload TEXT NOT NULL,
    transient_environment INTEGER NOT NULL,
    production_environment INTEGER NOT NULL,
    creator_id INTEGER NOT NULL REFERENCES users (id),
    app_id INTEGER REFERENCES apps (id),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE deployment_statuses (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    deployment_id INTEGER NOT NULL REFERENCES deployments (id),
    state TEXT NOT NULL,
    description TEXT NOT NULL,
    environment TEXT NOT NULL,
    environment_url TEXT NOT NULL,
    log_url TEXT NOT NULL,
    creator_id INTEGER NOT NULL REFERENCES users (id),
    app_id INTEGER REFERENCES apps (id),
    created_at INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE protections (
    repository_id INTEGER NOT NULL REFERENCES repositories (id),
    branch TEXT NOT NULL,
    settings TEXT NOT NULL,
    PRIMARY KEY (repository_id, branch)
  ) STRICT;

  CREATE TABLE rulesets (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    repository_id INTEGER NOT NULL REFERENCES repositories (id),
    name TEXT NOT NULL,
    settings TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (repository_id, name)
  ) STRICT;

  -- What the forge last told the world about each reference. Git moves first; the difference is told and written here in one transaction.
  CREATE TABLE refs (
    repository_id INTEGER NOT NULL REFERENCES repositories (id),
    name TEXT NOT NULL,
    sha TEXT NOT NULL,
    PRIMARY KEY (repository_id, name)
  ) STRICT;

  -- Who is about to move a reference, written before git is asked to: after a crash the move found in git still has its author.
  CREATE TABLE intents (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    repository_id INTEGER NOT NULL REFERENCES repositories (id),
    actor_id INTEGER NOT NULL REFERENCES users (id),
    app_id INTEGER REFERENCES apps (id),
    ref TEXT NOT NULL,
    before_sha TEXT NOT NULL,
    after_sha TEXT NOT NULL,
    merge_issue_id INTEGER REFERENCES issues (id),
    created_at INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    guid TEXT NOT NULL,
    app_id INTEGER NOT NULL REFERENCES apps (id),
    installation_id INTEGER,
    repository_id INTEGER,
    event TEXT NOT NULL,
    action TEXT,
    payload TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'failed')),
    attempts INTEGER NOT NULL DEFAULT 0,
    next_attempt_at INTEGER NOT NULL,
    status_code INTEGER,
    failure TEXT,
    is_redelivery INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    delivered_at INTEGER
  ) STRICT;
  CREATE INDEX deliveries_pending ON deliveries (state, next_attempt_at, id);
  `,
  `
  -- Where the installer of an app is sent when it is done.
  ALTER TABLE apps ADD COLUMN setup_url TEXT;

  -- Codes that hand a new app's keys over, once.
  CREATE TABLE app_conversions (
    code_hash TEXT PRIMARY KEY,
    app_id INTEGER NOT NULL REFERENCES apps (id),
    expires_at INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE workflow_runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    repository_id INTEGER NOT NULL REFERENCES repositories (id),
    number INTEGER NOT NULL,
    path TEXT NOT NULL,
    name TEXT NOT NULL,
    event TEXT NOT NULL,
    ref TEXT NOT NULL,
    sha TEXT NOT NULL,
    actor_id INTEGER NOT NULL REFERENCES users (id),
    inputs TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('queued', 'in_progress', 'completed')),
    conclusion TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX workflow_runs_by_repository ON workflow_runs (repository_id, id);

  CREATE TABLE workflow_jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id INTEGER NOT NULL REFERENCES workflow_runs (id),
    name TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('queued', 'in_progress', 'completed')),
    conclusion TEXT,
    steps TEXT NOT NULL,
    log TEXT NOT NULL,
    summary TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    completed_at INTEGER,
    UNIQUE (run_id, name)
  ) STRICT;

  -- What jobs are told: variables, and secrets by environment (the empty one is the repository's own).
  CREATE TABLE actions_settings (
    repository_id INTEGER PRIMARY KEY REFERENCES repositories (id),
    variables TEXT NOT NULL,
    secrets TEXT NOT NULL
  ) STRICT;
  `,
];
