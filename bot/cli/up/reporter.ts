import { visible } from '#bot/evidence/markdown.ts';
import type { Progress, ProgressEvent } from '#bot/orchestrator/progress.ts';

const BAR_WIDTH = 24;

/**
 * Draws progress on stderr: one line a result, and on a terminal one living line for what is going on. A message may hold a model's
 * words, which move no cursor and begin no line.
 */
export function createReporter(stream: NodeJS.WriteStream): Progress {
  const startedAt = Date.now();
  let isLiving = false;
  const clear = (): void => {
    if (isLiving) stream.write('\r\u001b[2K');
    isLiving = false;
  };
  const live = (text: string): void => {
    if (!stream.isTTY) return;
    stream.write(`\r\u001b[2K${text.slice(0, (stream.columns ?? 80) - 1)}`);
    isLiving = true;
  };
  return (event: ProgressEvent) => {
    switch (event.kind) {
      case 'phase':
        live(`  … ${event.phase.padEnd(8)} ${visible(event.message)}`);
        return;
      case 'step':
        live(`  … ${event.phase.padEnd(8)} ${bar(event.done / event.total)} ${event.done}/${event.total}`);
        return;
      case 'done': {
        clear();
        const seconds = ((Date.now() - startedAt) / 1000).toFixed(1).padStart(6);
        stream.write(`${seconds} s  ${event.phase.padEnd(8)} ${visible(event.message)}\n`);
        return;
      }
      default:
        event satisfies never;
    }
  };
}

function bar(share: number): string {
  const filled = Math.round(Math.min(1, share) * BAR_WIDTH);
  return `${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)}`;
}
