import { sandboxCommand } from '#bot/cli/sandbox.ts';

await sandboxCommand().parseAsync(process.argv);
