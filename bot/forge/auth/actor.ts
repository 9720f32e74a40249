import type { AppRow, InstallationRow, UserRow } from '#bot/forge/queries/rows.ts';

export type Level = 'read' | 'write';
export type Permissions = Readonly<Record<string, string>>;

/** Who a request comes from. */
export type Actor =
  | { kind: 'anonymous' }
  | { kind: 'user'; user: UserRow }
  | {
      kind: 'installation';
      user: UserRow;
      app: AppRow;
      installation: InstallationRow;
      permissions: Permissions;
      /** Null: every repository of the installation. */
      repositoryIds: readonly number[] | null;
    }
  | { kind: 'app'; app: AppRow };

/** Someone who can be the author of something: a person, or an app's bot account. */
export interface Author {
  user: UserRow;
  appId: number | null;
}
