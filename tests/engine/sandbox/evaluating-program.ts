import type { RealmProgram } from '#engine/sandbox/realm-api.ts';

/** A sandbox program for tests: it evaluates code as a strategy's and calls what the code exports. */
const program: RealmProgram = (host) => {
  let loaded: { default?: unknown } = {};
  return {
    load: (input) => {
      loaded = host.evaluate(String(input), {
        contract: host.harden({ defineStrategy: (definition: unknown) => definition }),
        // For attacks that look at everything: no strategy has it.
        ownKeys: Reflect.ownKeys,
      }) as {
        default?: unknown;
      };
      return { output: typeof loaded.default };
    },
    run: (input, arrays) => {
      const output = (loaded.default as (input: unknown, arrays: unknown) => never)(input, arrays);
      return { output: output ?? null };
    },
    echo: (input, arrays) => ({ output: input, arrays }),
  };
};

export default program;
