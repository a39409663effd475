/* The limit that the timeline's kernels are measured against: one pass over sorted columns, written for speed alone.
   Only these questions, only these shapes: 32-bit persons, one byte an event and channel, no options.
   cc -O3 -march=native -shared -fPIC journey.c -o journey.so -lm */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef int64_t i64;
typedef uint32_t u32;
typedef uint64_t u64;
typedef uint8_t u8;

#define CHANNELS 16
#define NEVER (-(1LL << 60))

/* counts[channel of first event][furthest of four steps] */
void funnel(i64 n, const u32 *person, const i64 *ts, const u8 *event, const u8 *channel, const u8 *step, i64 window,
            i64 *counts) {
  for (i64 i = 0; i < n;) {
    const u32 who = person[i];
    const i64 row = channel[i] * 5;
    i64 start[5] = {0, NEVER, NEVER, NEVER, NEVER};
    int best = 0;
    while (i < n && person[i] == who) {
      i64 moment = ts[i], j = i + 1;
      unsigned here = 1u << step[event[i]];
      while (j < n && ts[j] == moment && person[j] == who) here |= 1u << step[event[j++]];
      if (here & 2u) { start[1] = moment; if (best < 1) best = 1; }
      for (int k = 2; k <= 4; k++)
        if (here >> k & 1u && moment - start[k - 1] <= window) {
          if (start[k - 1] > start[k]) start[k] = start[k - 1];
          if (best < k) best = k;
        }
      i = j;
      if (best == 4) while (i < n && person[i] == who) i++;
    }
    counts[row + best]++;
  }
}

/* counts[first week][weeks later] */
void retention(i64 n, const u32 *person, const i64 *ts, i64 origin, i64 *counts) {
  const i64 week = 604800000000LL;
  for (i64 i = 0; i < n;) {
    const u32 who = person[i];
    u64 seen = 0;
    for (; i < n && person[i] == who; i++) seen |= 1ULL << ((u64)(ts[i] - origin) / week);
    const int first = __builtin_ctzll(seen);
    for (seen >>= first; seen; seen &= seen - 1) {
      const int k = __builtin_ctzll(seen);
      if (k <= 12) counts[first * 13 + k]++;
    }
  }
}

/* totals[channel of first event][sessions, of one event, events, microseconds] */
void sessions(i64 n, const u32 *person, const i64 *ts, const u8 *channel, i64 gap, i64 *totals) {
  for (i64 i = 0; i < n;) {
    i64 j = i + 1;
    while (j < n && person[j] == person[i] && ts[j] - ts[j - 1] <= gap) j++;
    i64 *row = totals + channel[i] * 4;
    row[0]++;
    row[1] += j == i + 1;
    row[2] += j - i;
    row[3] += ts[j - 1] - ts[i];
    i = j;
  }
}

/* credit[channel][first, last, linear, decay, position; conversions and value of each] */
void credit(i64 n, const u32 *person, const i64 *ts, const u8 *event, const u8 *channel, const i64 *value, u8 touch,
            u8 conversion, i64 lookback, double half_life, double *sums) {
  i64 room = 1 << 16;
  i64 *at = malloc(room * sizeof *at);
  double *weight = malloc(room * sizeof *weight);
  for (i64 i = 0; i < n;) {
    const i64 begin = i;
    i64 touches = 0, converts = 0;
    for (; i < n && person[i] == person[begin]; i++) {
      if (touches == room) at = realloc(at, (room *= 2) * sizeof *at), weight = realloc(weight, room * sizeof *weight);
      if (event[i] == touch) at[touches++] = i;
      converts += event[i] == conversion;
    }
    if (!converts || !touches) continue;
    i64 low = 0, high = 0;
    for (i64 c = begin; c < i; c++) {
      if (event[c] != conversion) continue;
      while (high < touches && ts[at[high]] <= ts[c]) high++;
      while (low < high && ts[at[low]] < ts[c] - lookback) low++;
      const i64 count = high - low;
      if (!count) continue;
      const double worth = (double)value[c], even = 1.0 / count, inner = count > 2 ? 0.2 / (count - 2) : 0;
      double total = 0;
      for (i64 t = 0; t < count; t++) total += weight[t] = exp2((ts[at[low + t]] - ts[c]) / half_life);
      for (i64 t = 0; t < count; t++) {
        double *row = sums + channel[at[low + t]] * 10;
        const double share = weight[t] / total;
        const double place = count == 1 ? 1 : count == 2 ? 0.5 : (t == 0 || t == count - 1) ? 0.4 : inner;
        if (t == 0) row[0] += 1, row[1] += worth;
        if (t == count - 1) row[2] += 1, row[3] += worth;
        row[4] += even, row[5] += even * worth;
        row[6] += share, row[7] += share * worth;
        row[8] += place, row[9] += place * worth;
      }
    }
  }
  free(at);
  free(weight);
}

typedef struct { u64 way; i64 reached, unreached, value; } entry;

/* ways of channels at touches to each conversion, neighbours collapsed, the last ten; returns how many differ */
i64 paths(i64 n, const u32 *person, const u8 *event, const u8 *channel, const i64 *value, u8 touch, u8 conversion,
          entry *table, i64 size) {
  i64 used = 0;
  u64 way = 0;
  int last = -1;
  for (i64 i = 0; i < n; i++) {
    const int converts = event[i] == conversion, ends = i + 1 == n || person[i + 1] != person[i];
    if (event[i] == touch && channel[i] != last) way = (way << 4 | (channel[i] + 1)) & 0xFFFFFFFFFFULL, last = channel[i];
    if (converts || (ends && way)) {
      u64 place = (way * 0x9E3779B97F4A7C15ULL >> 32) & (size - 1);
      while (table[place].way && table[place].way != way + 1) place = (place + 1) & (size - 1);
      if (!table[place].way) table[place].way = way + 1, used++;
      if (converts) table[place].reached++, table[place].value += value[i];
      else table[place].unreached++;
    }
    if (converts || ends) way = 0, last = -1;
  }
  return used;
}
