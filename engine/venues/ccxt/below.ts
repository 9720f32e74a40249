import { Big } from 'big.js';

/** A price that lies a share below another, on the tick, rounded away from it. */
export function below(price: Big, share: number, tick: Big): Big {
  return price.times(new Big(1).minus(share)).div(tick).round(0, Big.roundDown).times(tick);
}
