import * as contract from '#engine/contract/index.ts';
import type { RealmProgram } from './realm-api.ts';

/** A sandbox program that only loads an artifact, and says what its definition holds. */
const program: RealmProgram = (host) => ({
  load: (code) => {
    const { default: definition } = host.evaluate(String(code), { contract: host.harden({ ...contract }) }) as {
      default: unknown;
    };
    if (
      typeof definition !== 'object' ||
      definition === null ||
      typeof (definition as { onBar?: unknown }).onBar !== 'function'
    ) {
      throw new TypeError('The default export is no strategy: export default defineStrategy({ … onBar }).');
    }
    return { output: Object.keys(definition).sort() };
  },
});

export default program;
