import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Listening } from '#tests/simulate/rehearsal/messages.ts';
import { ExchangeTally, type Opening, Turned, type Turning } from './venue-week-messages.ts';

const program = fileURLToPath(new URL('./exchange-turned.ts', import.meta.url));

/** The exchange on the other side of a process' wall: its memory is its own, its time is turned from here. */
export class ExchangeProcess {
  readonly #child: ChildProcess;
  readonly where: Listening;

  static async start(opening: Opening): Promise<ExchangeProcess> {
    const child = fork(program, { execArgv: ['--import', 'tsx'] });
    return new ExchangeProcess(child, Listening.parse(await ask(child, opening)));
  }

  private constructor(child: ChildProcess, where: Listening) {
    this.#child = child;
    this.where = where;
  }

  async turn(turning: Turning): Promise<Turned> {
    return Turned.parse(await ask(this.#child, turning));
  }

  async tally(): Promise<ExchangeTally> {
    return ExchangeTally.parse(await ask(this.#child, 'books'));
  }

  close(): void {
    this.#child.disconnect();
  }
}

/** One question at a time. */
function ask(child: ChildProcess, question: object | string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const fail = () => reject(new Error('The process of the exchange ended.'));
    child.once('exit', fail);
    child.once('message', (answer) => {
      child.off('exit', fail);
      resolve(answer);
    });
    child.send(question);
  });
}
