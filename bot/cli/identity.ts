import type { Person } from '#engine/repository/repository.ts';

/** Who commits when the bot does. */
export const BOT_PERSON: Person = { name: 'ratchet[bot]', email: 'ratchet[bot]@users.noreply.localhost' };
