/*
 * What workload W asks for, written down as plainly as C allows and nothing else: averages of 9 and 21, Wilder's relative strength of
 * 14, a position with a stop at 2 % and a target at 4 %, fee, slippage, prices and quantities on the market's grid, a row for each
 * trade with its excursions, the account's worth at every close with its worst and longest fall, and its value at each day's end.
 * One symbol, no orders but these, no books, no sandbox. The same arithmetic in the same order, so the engine must give the same
 * numbers to the last bit; the benchmark compares them.
 *
 *     loop BARS < columns       six columns of doubles: time, open, high, low, close, volume
 *
 * Prints the best of ten passes as candles a second, then trades, fees, final equity, worst fall, its longest in bars, and sums over
 * the trade rows and the daily values, so that nothing can be optimised away.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const double FEE = 0.001, SLIPPAGE = 0.0005, WEIGHT = 0.1, STOP = 0.02, TARGET = 0.04, CAPITAL = 1000000.0;
static const double TICKS = 100, STEPS = 100000, MIN_NOTIONAL = 5, BAR_MS = 300000, DAY_MS = 86400000;
static const long WARMUP = 250;

typedef struct {
  double entry_time, exit_time, entry_price, exit_price, quantity, fees, net_result, net_return, bars_held, adverse, favourable;
} Trade;

typedef struct {
  long trades, longest, days;
  double fees, equity, worst, excursions, day_sum;
} Outcome;

typedef struct {
  const double *time, *open, *high, *low, *close, *volume;
} Columns;

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec + now.tv_nsec * 1e-9;
}

/* Multiples of a grid: a number within rounding of a line lies on it. */
static inline double nearest(double value, double lines) { return floor(value * lines + 0.5) / lines; }
static inline double snap(double value, double lines, int up) {
  double count = value * lines, whole = floor(count + 0.5), size = fabs(count) > 1 ? fabs(count) : 1;
  if (fabs(count - whole) <= 1e-12 * size) return whole / lines;
  return (up ? ceil(count) : floor(count)) / lines;
}

typedef struct {
  double cash, fees, quantity, cost, bought_cost, position_fees, entry_time, bars_held, adverse, favourable, stop, take;
  double lowest, highest;
  long trades;
} Account;

static inline void sell(Account *a, double price, double time, Trade *rows) {
  double value = a->quantity * price, fee = value * FEE, change = price / (a->cost / a->quantity) - 1;
  a->cash += value - fee;
  a->fees += fee;
  a->position_fees += fee;
  if (change < a->adverse) a->adverse = change;
  if (change > a->favourable) a->favourable = change;
  double net = value - a->bought_cost - a->position_fees;
  rows[a->trades++] = (Trade){a->entry_time, time, a->bought_cost / a->quantity, value / a->quantity, a->quantity, a->position_fees,
                              net, net / a->bought_cost, a->bars_held, a->adverse, a->favourable};
  a->quantity = 0;
}

static inline void buy(Account *a, double price, double quantity, double time) {
  double value = quantity * price, fee = value * FEE, paid = value / quantity;
  a->cash -= value + fee;
  a->fees += fee;
  a->quantity = nearest(quantity, STEPS);
  a->cost = a->bought_cost = value;
  a->position_fees = fee;
  a->entry_time = time;
  a->bars_held = 0;
  a->adverse = a->favourable = 0;
  a->lowest = INFINITY;
  a->highest = -INFINITY;
  a->stop = snap(paid * (1 - STOP), TICKS, 0);
  a->take = snap(paid * (1 + TARGET), TICKS, 1);
}

static Outcome run(long bars, Columns c, Trade *rows, double *days) {
  double fast = 0, slow = 0, gain = 0, loss = 0, peak = CAPITAL, trough = CAPITAL, worst = 0, equity = CAPITAL, day_end = 0, last = CAPITAL;
  double wanted = 0;
  long underwater = 0, longest = 0, day_count = 0;
  int wants_out = 0;
  Account a = {.cash = CAPITAL};
  for (long i = 0; i < bars; i++) {
    int is_entry_bar = 0;
    if (wants_out) sell(&a, snap(c.open[i] * (1 - SLIPPAGE), TICKS, 0), c.time[i], rows);
    else if (a.quantity > 0 && c.open[i] <= a.stop) sell(&a, snap(c.open[i] * (1 - SLIPPAGE), TICKS, 0), c.time[i], rows);
    else if (wanted > 0) {
      double price = snap(c.open[i] * (1 + SLIPPAGE), TICKS, 1), quantity = wanted;
      if (quantity * price * (1 + FEE) > a.cash || quantity > c.volume[i]) exit(3);
      buy(&a, price, quantity, c.time[i]);
      is_entry_bar = 1;
    }
    wants_out = 0;
    wanted = 0;
    if (a.quantity > 0) {
      if (c.low[i] <= a.stop) sell(&a, snap((c.open[i] < a.stop ? c.open[i] : a.stop) * (1 - SLIPPAGE), TICKS, 0), c.time[i], rows);
      else if (c.high[i] > a.take) sell(&a, a.take, c.time[i], rows);
    }
    if (a.quantity > 0) {
      if (c.low[i] < a.lowest) {
        double fall = (a.lowest = c.low[i]) / (a.cost / a.quantity) - 1;
        if (fall < a.adverse) a.adverse = fall;
      }
      if (c.high[i] > a.highest) {
        double rise = (a.highest = c.high[i]) / (a.cost / a.quantity) - 1;
        if (rise > a.favourable) a.favourable = rise;
      }
      if (!is_entry_bar) a.bars_held += 1;
    }

    double fast_before = fast, slow_before = slow, close = c.close[i];
    if (i >= 9) fast += (2.0 / 10) * (close - fast);
    else if ((fast += close, i == 8)) fast /= 9;
    if (i >= 21) slow += (2.0 / 22) * (close - slow);
    else if ((slow += close, i == 20)) slow /= 21;
    if (i > 0) {
      double change = close - c.close[i - 1], up = (change + fabs(change)) / 2, down = (fabs(change) - change) / 2;
      if (i > 14) {
        gain = (gain * 13 + up) / 14;
        loss = (loss * 13 + down) / 14;
      } else {
        gain += up;
        loss += down;
        if (i == 14) gain /= 14, loss /= 14;
      }
    }
    double strength = gain + loss > 0 ? 100 * gain / (gain + loss) : 0;

    equity = a.cash + a.quantity * close;
    if (i >= WARMUP - 1) {
      if (a.quantity > 0) wants_out = fast_before >= slow_before && fast < slow;
      else if (fast_before <= slow_before && fast > slow && strength < 70) {
        wanted = snap(WEIGHT * equity / close, STEPS, 0);
        if (wanted * snap(close * (1 + SLIPPAGE), TICKS, 1) < MIN_NOTIONAL) wanted = 0;
      }
    }
    double close_time = c.time[i] + BAR_MS;
    if (!(close_time <= day_end)) {
      if (i > 0) days[day_count++] = last;
      day_end = ceil(close_time / DAY_MS) * DAY_MS;
    }
    last = equity;
    if (equity < peak) {
      if (equity < trough) trough = equity;
      underwater++;
    } else {
      if (1 - trough / peak > worst) worst = 1 - trough / peak;
      if (underwater > longest) longest = underwater;
      peak = trough = equity;
      underwater = 0;
    }
  }
  if (1 - trough / peak > worst) worst = 1 - trough / peak;
  if (underwater > longest) longest = underwater;
  if (a.quantity > 0) {
    sell(&a, c.close[bars - 1], c.time[bars - 1] + BAR_MS, rows);
    equity = a.cash;
    if (equity < peak && 1 - equity / peak > worst) worst = 1 - equity / peak;
  }
  days[day_count++] = equity;
  Outcome o = {a.trades, longest, day_count, a.fees, equity, worst, 0, 0};
  for (long t = 0; t < a.trades; t++) o.excursions += rows[t].adverse + rows[t].favourable;
  for (long d = 0; d < day_count; d++) o.day_sum += days[d];
  return o;
}

int main(int count, char **words) {
  long bars = count > 1 ? atol(words[1]) : 0;
  double *columns = malloc(6 * bars * sizeof(double)), *days = malloc((bars + 2) * sizeof(double));
  Trade *rows = malloc((bars + 1) * sizeof(Trade));
  if (bars <= 0 || !columns || !days || !rows || fread(columns, 6 * sizeof(double), bars, stdin) != (size_t)bars) return 1;
  Columns c = {columns, columns + bars, columns + 2 * bars, columns + 3 * bars, columns + 4 * bars, columns + 5 * bars};
  double best = 1e9;
  Outcome o = {0};
  for (int pass = 0; pass < 10; pass++) {
    double began = seconds();
    o = run(bars, c, rows, days);
    double took = seconds() - began;
    if (took < best) best = took;
  }
  printf("%.0f %ld %.17g %.17g %.17g %ld %.17g %.17g\n", bars / best, o.trades, o.fees, o.equity, o.worst, o.longest, o.excursions, o.day_sum);
  return 0;
}
