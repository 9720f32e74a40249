import { startForge } from '#bot/forge/forge.ts';
import { createLog } from '#engine/log.ts';

/** A forge in a process of its own, for tests that kill it. Arguments: folder, port. Prints its address when it serves. */
const forge = await startForge({ dir: process.argv[2]!, port: Number(process.argv[3]), log: createLog('error') });
process.stdout.write(`${forge.url}\n`);
