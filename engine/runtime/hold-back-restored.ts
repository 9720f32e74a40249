import { basename } from 'node:path';
import Database from 'better-sqlite3';
import { EngineReader } from '#engine/store/engine-reader.ts';
import { openForReading } from '#engine/store/open-database.ts';
import {
  type Control,
  controlKey,
  giveOrderHere,
  initialControl,
  isStricter,
  orderGivenHere,
  readControl,
  type Said,
} from './control.ts';
import { heardAt } from './heard-orders.ts';

interface LastSaid {
  readonly obeyed: Control;
  /** The order that was heard last on the engine's machine. */
  readonly here: string | null;
}

/**
 * Before a backup takes the place of a store: what happened after it is forgotten, a halt too, so nothing is entered until a person has
 * looked. The order is always a new one, dated now: one that was given before may have been heard and lifted, and would count no more, or
 * be lifted by a word from before the restore. It holds the engine back no less than what was last obeyed, as far as a record that can be
 * read says so, and than an order that nobody has heard yet.
 * @param file the backup
 * @param now wall-clock time, UTC milliseconds
 */
export function holdBackRestored(dir: string, file: string, now: number): Control {
  const last = lastSaidIn(() => openForReading(dir)) ?? lastSaidIn(() => new Database(file, { readonly: true }));
  const given = orderGivenHere(dir);
  const unheard = given === last?.here ? null : given;
  let order: Control = {
    ...{ mode: 'paused', by: 'ratchet restore', at: new Date(now).toISOString(), reason: `restored from ${basename(file)}` },
  };
  for (const before of [last?.obeyed ?? initialControl, understood(unheard)]) {
    if (!isStricter(before, order)) continue;
    const reason = `restored from ${basename(file)}; ${before.mode} as ${before.by} said: ${before.reason}`;
    order = { ...order, mode: before.mode, reason };
  }
  order = { ...order, reason: order.reason.slice(0, 500) };
  giveOrderHere(dir, order);
  return order;
}

/** Null where no order was ever obeyed, and of a store that is not there or cannot be read. */
function lastSaidIn(open: () => Database.Database): LastSaid | null {
  try {
    const record = new EngineReader(open());
    try {
      const obeyed = record.meta(controlKey);
      return obeyed === null ? null : { obeyed: understood(obeyed), here: heardAt(record, 'here') };
    } finally {
      record.close();
    }
  } catch {
    // It is often replaced because it is damaged; the other one, or what was given here, still says something.
    return null;
  }
}

function understood(text: Said): Control {
  const reading = readControl(text, initialControl);
  return reading.ok ? reading.control : initialControl;
}
