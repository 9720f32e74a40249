import { callModel } from './call-model.ts';
import { CallReport, ToModelProcess } from './messages.ts';

/** Makes one call at this end of the channel: the whole of what its process does. Ends with the process at the other end. */
export function serveModel(): void {
  process.once('message', (raw) => {
    const task = ToModelProcess.parse(raw);
    void callModel(task, Date.now).then((report) => process.send!(withoutKey(report, task.key)));
  });
  process.once('disconnect', () => process.exit());
}

/** Whoever answers has seen the key, and could say it back: from here on nobody holds it in what was said. */
function withoutKey(report: CallReport, key: string): CallReport {
  const written = JSON.stringify(key).slice(1, -1);
  return CallReport.parse(JSON.parse(JSON.stringify(report).replaceAll(written, '[the key]')));
}
