import { Command } from 'commander';
import { startApi } from '#bot/api/start-api.ts';
import { readTokenFile } from '#bot/api/tokens.ts';
import { createLog } from '#engine/log.ts';
import * as option from './option-parsers.ts';
import { workspaceAt } from './up/workspace.ts';

interface ApiFlags {
  workspace: string;
  port: number;
  host: string;
  tokenFile?: string;
  beyondThisMachine?: boolean;
}

/** Where a token comes from when no file is named. */
const TOKEN_VARIABLE = 'RATCHET_API_TOKEN';

/** `ratchet api`: the engine's record for programs, until it is stopped. A process of its own, which only reads. */
export function apiCommand(version: string): Command {
  return new Command('api')
    .description(`The engine's record over HTTP and a websocket, read only. A token is read from ${TOKEN_VARIABLE} or a file.`)
    .option('--workspace <dir>', 'the workspace', 'var')
    .option('--port <number>', 'where to listen; 0 takes a free one', option.port, 7412)
    .option('--host <address>', 'the address to listen on', '127.0.0.1')
    .option('--token-file <file>', 'tokens, one a line, readable by you alone')
    .option('--beyond-this-machine', 'another address than loopback is meant; TLS is up to a proxy')
    .action(async ({ workspace: dir, port, host, tokenFile, beyondThisMachine }: ApiFlags) => {
      const workspace = workspaceAt(dir);
      const given = process.env[TOKEN_VARIABLE];
      const api = await startApi({
        dir: workspace.engine,
        botDir: workspace.bot,
        tokens: tokenFile !== undefined ? readTokenFile(tokenFile) : given === undefined || given === '' ? [] : [given],
        port,
        host,
        mayLeaveLoopback: beyondThisMachine === true,
        version,
        log: createLog(process.env.RATCHET_LOG_LEVEL ?? 'info'),
      });
      console.log(`The Data API answers on ${api.url}/v1/, and ${api.url}/v1/openapi.json says what. Ctrl-C ends it.`);
      await new Promise<void>((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve));
      await api.close();
    });
}
