/* What the benchmarks share: a clock, medians, one JSON object per line. */
#ifndef MDM_BENCH_H
#define MDM_BENCH_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define BENCH_ROUNDS 11 /* odd, so that the median was measured */

static inline double bench_now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* CPU time of this thread: what others on the machine do does not count. */
static inline double bench_cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static inline int bench_order(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The median; values are sorted. */
static inline double bench_median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, bench_order);
    return values[count / 2];
}

/* bar: the highest value that is good enough; 0: there is none. */
static inline void bench_figure(const char *name, double value, const char *unit, double bar)
{
    printf("{\"name\":\"%s\",\"value\":%.4g,\"unit\":\"%s\"", name, value, unit);
    if (bar > 0) printf(",\"bar\":%.4g,\"reached\":%s", bar, value <= bar ? "true" : "false");
    puts("}");
    fflush(stdout);
}

/* A step that the measurement stands on did not work. */
static inline void bench_need(int works, const char *what)
{
    if (works) return;
    fprintf(stderr, "benchmark: %s\n", what);
    exit(1);
}

#endif
