import type { ForgeDatabase } from '#bot/forge/database/open-database.ts';
import type { IntentRow, RefRow, RulesetRow } from './rows.ts';

/** The references as last told to the world, name to commit. */
export function knownRefs(database: ForgeDatabase, repositoryId: number): Map<string, string> {
  const rows = database.prepare<[number], RefRow>('SELECT * FROM refs WHERE repository_id = ?').all(repositoryId);
  return new Map(rows.map((row) => [row.name, row.sha]));
}

export function writeRef(database: ForgeDatabase, repositoryId: number, name: string, sha: string | null): void {
  if (sha === null) {
    database.prepare('DELETE FROM refs WHERE repository_id = ? AND name = ?').run(repositoryId, name);
    return;
  }
  database
    .prepare('INSERT INTO refs (repository_id, name, sha) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET sha = excluded.sha')
    .run(repositoryId, name, sha);
}

export function intentsOf(database: ForgeDatabase, repositoryId: number): IntentRow[] {
  return database.prepare<[number], IntentRow>('SELECT * FROM intents WHERE repository_id = ? ORDER BY id').all(repositoryId);
}

export function protectionText(database: ForgeDatabase, repositoryId: number, branch: string): string | undefined {
  return database
    .prepare<[number, string], { settings: string }>('SELECT settings FROM protections WHERE repository_id = ? AND branch = ?')
    .get(repositoryId, branch)?.settings;
}

export function rulesetsOf(database: ForgeDatabase, repositoryId: number): RulesetRow[] {
  return database.prepare<[number], RulesetRow>('SELECT * FROM rulesets WHERE repository_id = ? ORDER BY id').all(repositoryId);
}

export function rulesetById(database: ForgeDatabase, repositoryId: number, id: number): RulesetRow | undefined {
  return database
    .prepare<[number, number], RulesetRow>('SELECT * FROM rulesets WHERE repository_id = ? AND id = ?')
    .get(repositoryId, id);
}
