import type { LayerName } from '#bot/proposers/claude/layers.ts';

/**
 * What each version of a prompt was, from the first one on: a record of an exchange names the version, and this says which text that is.
 * Nothing is ever taken out or changed here; whoever changes a prompt raises its version and adds a line.
 */
export const DIGESTS: Readonly<Record<LayerName, readonly string[]>> = {
  identity: [
    'sha256:26c5cf106db3b53e14730c66b3aa9b46c676bb9def02d813facfb78aea6f24b5',
    'sha256:7e796c10aa406a5206af590ef17973bdb95c4c660b1f5e4bbc153d75a0ff60d5',
  ],
  system: ['sha256:d465ee1468aebdfc5815c81bbd21b8efecb32acea00393a45d1c3cbeae6ba470'],
  memory: ['sha256:8e1b6e51604be2d3c3b5ab62a7757cc6778d4931f2737cb243863c7212128c0f'],
  ask: [
    'sha256:aaee42d5a87c48f2887325c3b977a90fc53a7a3605526782a04de793f6610897',
    'sha256:47de6621a10a7de514c91b505dc762428dc8beafd4419f9ac8d6ffdea72282c9',
  ],
  decide: ['sha256:5057fc1a3570bdd3a2283adf2f4aa7d8a525a0beec7865a3484f7c001beccb4e'],
  write: [
    'sha256:e3b2a9db341fc64cb26f4b8aa45f6b16a5caf3e02c6373d630f788a14a7cb9c0',
    'sha256:351e389a8f2350f31b442728b3f715cb56eaa68b19e4c6ced607a203b44e2214',
  ],
  module: [
    'sha256:6ca2237b68fa13807caf1fac9bca3c9dcd5bca9120ced2f6c4c6c89d3e3e3c37',
    'sha256:17420134ae1403b963a08b28b92b19e71974c6ba90e6d13a27b7eecd7ac4a185',
  ],
  review: ['sha256:ca0b79d918a56fd94383e205bcdaa6128f437572ec1202651c7d3068a2a65a79'],
};
