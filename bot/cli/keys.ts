import { Command } from 'commander';
import { createCommand } from './keys/create.ts';
import { listCommand } from './keys/list.ts';
import { revokeCommand } from './keys/revoke.ts';
import { rotateCommand } from './keys/rotate.ts';

/** `ratchet keys`: whose signatures count. What changes is files in a clone; a person commits and merges them. */
export function keysCommand(): Command {
  return new Command('keys')
    .description('Whose signatures count: make, list, rotate and revoke keys.')
    .addCommand(createCommand())
    .addCommand(listCommand())
    .addCommand(rotateCommand())
    .addCommand(revokeCommand());
}
