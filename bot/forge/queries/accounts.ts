import type { ForgeDatabase } from '#bot/forge/database/open-database.ts';
import type { AppRow, InstallationRow, RepositoryRow, Role, TokenRow, UserRow } from './rows.ts';

export function userById(database: ForgeDatabase, id: number): UserRow {
  return database.prepare<[number], UserRow>('SELECT * FROM users WHERE id = ?').get(id)!;
}

export function userByLogin(database: ForgeDatabase, login: string): UserRow | undefined {
  return database.prepare<[string], UserRow>('SELECT * FROM users WHERE login = ?').get(login);
}

export function tokenByHash(database: ForgeDatabase, hash: string): TokenRow | undefined {
  return database.prepare<[string], TokenRow>('SELECT * FROM tokens WHERE hash = ?').get(hash);
}

export function appById(database: ForgeDatabase, id: number): AppRow | undefined {
  return database.prepare<[number], AppRow>('SELECT * FROM apps WHERE id = ?').get(id);
}

export function appBySlug(database: ForgeDatabase, slug: string): AppRow | undefined {
  return database.prepare<[string], AppRow>('SELECT * FROM apps WHERE slug = ?').get(slug);
}

export function installationById(database: ForgeDatabase, id: number): InstallationRow | undefined {
  return database.prepare<[number], InstallationRow>('SELECT * FROM installations WHERE id = ?').get(id);
}

export function installationsOfApp(database: ForgeDatabase, appId: number): InstallationRow[] {
  return database.prepare<[number], InstallationRow>('SELECT * FROM installations WHERE app_id = ? ORDER BY id').all(appId);
}

export function installationFor(database: ForgeDatabase, appId: number, repositoryId: number): InstallationRow | undefined {
  return database
    .prepare<[number, number], InstallationRow>(
      `SELECT installations.* FROM installations
       JOIN installation_repositories ON installation_repositories.installation_id = installations.id
       WHERE installations.app_id = ? AND installation_repositories.repository_id = ?`,
    )
    .get(appId, repositoryId);
}

/** Every app installed on the repository, with the installation that put it there. */
export function appsInstalledOn(database: ForgeDatabase, repositoryId: number): Array<AppRow & { installation_id: number }> {
  return database
    .prepare<[number], AppRow & { installation_id: number }>(
      `SELECT apps.*, installations.id AS installation_id FROM installation_repositories
       JOIN installations ON installations.id = installation_repositories.installation_id
       JOIN apps ON apps.id = installations.app_id
       WHERE installation_repositories.repository_id = ? ORDER BY apps.id`,
    )
    .all(repositoryId);
}

export function repositoriesOfInstallation(database: ForgeDatabase, installationId: number): RepositoryRow[] {
  return database
    .prepare<[number], RepositoryRow>(
      `${selectRepository} JOIN installation_repositories ON installation_repositories.repository_id = repositories.id
       WHERE installation_repositories.installation_id = ? ORDER BY repositories.id`,
    )
    .all(installationId);
}

const selectRepository = `SELECT repositories.*, owners.login AS owner FROM repositories JOIN users AS owners ON owners.id = repositories.owner_id`;

export function repositoryByName(database: ForgeDatabase, owner: string, name: string): RepositoryRow | undefined {
  return database
    .prepare<[string, string], RepositoryRow>(`${selectRepository} WHERE owners.login = ? AND repositories.name = ?`)
    .get(owner, name);
}

export function repositoryById(database: ForgeDatabase, id: number): RepositoryRow {
  return database.prepare<[number], RepositoryRow>(`${selectRepository} WHERE repositories.id = ?`).get(id)!;
}

export function allRepositories(database: ForgeDatabase): RepositoryRow[] {
  return database.prepare<[], RepositoryRow>(`${selectRepository} ORDER BY repositories.id`).all();
}

/** The role given to a user, or null; the owner is an administrator without being told so. */
export function roleOf(database: ForgeDatabase, repository: RepositoryRow, userId: number): Role | null {
  if (repository.owner_id === userId) return 'admin';
  const row = database
    .prepare<[number, number], { role: Role }>('SELECT role FROM collaborators WHERE repository_id = ? AND user_id = ?')
    .get(repository.id, userId);
  return row?.role ?? null;
}

export function collaboratorsOf(database: ForgeDatabase, repositoryId: number): Array<UserRow & { role: Role }> {
  return database
    .prepare<[number], UserRow & { role: Role }>(
      `SELECT users.*, collaborators.role FROM collaborators JOIN users ON users.id = collaborators.user_id
       WHERE repository_id = ? ORDER BY users.id`,
    )
    .all(repositoryId);
}
