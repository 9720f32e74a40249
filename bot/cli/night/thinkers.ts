import { mindOf } from '#bot/proposers/claude/mind.ts';
import { Model } from '#bot/proposers/claude/model.ts';
import { HOW_TO_CONFIGURE, type ModelAccess, type ModelSettings } from '#bot/proposers/claude/settings.ts';
import { EVOLUTION, proposerProcess } from '#bot/proposers/process/proposer-process.ts';
import type { Thinkers } from '#bot/proposers/thinkers.ts';
import { RatchetError } from '#engine/errors.ts';
import type { Logger } from '#engine/log.ts';

/** Who thinks at night, and the model that may be asked. */
export interface ThinkerSettings {
  readonly proposer: ModelSettings['proposer'];
  /** Null where none is configured. */
  readonly model: ModelAccess | null;
}

export interface ThinkerPlace {
  /** The bot's own folder: a model's budget, its thoughts and its reviews are kept there. */
  readonly dir: string;
  /** UTC milliseconds. */
  readonly clock: () => number;
  readonly log: Logger;
}

/** @throws RatchetError `night/no-model` when a model is to think and none is configured */
export function requireModel({ proposer, model }: ThinkerSettings): ModelAccess | null {
  if (proposer === 'evolution') return null;
  if (model !== null) return model;
  throw new RatchetError(
    'night/no-model',
    `Nights are to think by ${proposer}, and no model is configured.`,
    `${HOW_TO_CONFIGURE.replaceAll('`', '')} Or let evolution think: proposer: evolution.`,
  );
}

/** Holds a night with whoever may think; the model's process and files are let go with it. @throws RatchetError `night/no-model` */
export async function withThinkers<T>(
  settings: ThinkerSettings,
  { dir, clock, log }: ThinkerPlace,
  night: (thinkers: Thinkers) => Promise<T>,
): Promise<T> {
  const name = settings.proposer;
  const search = name === 'claude' ? null : proposerProcess(EVOLUTION);
  const access = requireModel(settings);
  if (access === null) return night({ name, search, mind: null });
  const model = Model.open({ access, dir, clock, log });
  try {
    return await night({ name, search, mind: mindOf({ model, dir, clock, knownUntil: access.knownUntil, mask: access.mask }) });
  } finally {
    model.close();
  }
}
