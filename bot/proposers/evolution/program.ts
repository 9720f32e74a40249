import { evolutionProposer } from './evolution.ts';

/** Evolution as what runs in a proposer's process. */
export default evolutionProposer();
