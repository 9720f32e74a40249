import { Command } from 'commander';
import { Repository } from '#engine/repository/repository.ts';
import { writeOutputs } from './outputs.ts';

/** `ratchet actions strategies`: what a matrix of jobs fans out over. */
export function strategiesCommand(): Command {
  return new Command('strategies')
    .description('Name the strategies at a commit as an output of the step: a JSON list of ids.')
    .requiredOption('--repository <dir>', 'a clone or mirror')
    .requiredOption('--at <commit>', 'a branch or a full hash')
    .action(async ({ repository: dir, at }: { readonly repository: string; readonly at: string }) => {
      const repository = await Repository.open({ dir });
      const files = await repository.listFiles(await repository.require(at), 'strategies');
      const ids = files.flatMap(({ path }) => /^strategies\/([a-z][a-z0-9-]*)\/manifest\.yaml$/.exec(path)?.[1] ?? []);
      await writeOutputs(process.env.GITHUB_OUTPUT, { strategies: JSON.stringify(ids.sort()) });
    });
}
