import { secretsOf } from './access.ts';
import { callModel } from './call-model.ts';
import { CallReport, ToModelProcess } from './messages.ts';

/** Makes one call at this end of the channel: the whole of what its process does. Ends with the process at the other end. */
export function serveModel(): void {
  process.once('message', (raw) => {
    const task = ToModelProcess.parse(raw);
    const secrets = new Set(secretsOf(task.credential));
    void callModel(task, Date.now, (secret) => secrets.add(secret)).then((report) => process.send!(without(report, secrets)));
  });
  process.once('disconnect', () => process.exit());
}

/** Whoever answers has seen the key, and could say it back: from here on nobody holds it in what was said. */
function without(report: CallReport, secrets: ReadonlySet<string>): CallReport {
  const written = [...secrets].reduce(
    (text, secret) => text.replaceAll(JSON.stringify(secret).slice(1, -1), '[the key]'),
    JSON.stringify(report),
  );
  return CallReport.parse(JSON.parse(written));
}
