/* Chan, Golub, LeVeque, "Updating formulae and a pairwise algorithm" (1979); Pebay, "Formulas for
 * robust, one-pass parallel computation" (2008), for the third and fourth power. A single shift
 * by the first value, or sums of plain powers, cancel badly when the mean is large: blocks do
 * not. */
#include "data/moments.h"

#include <math.h>
#include <string.h>

/* Two sums at once: the compiler may not reorder floating-point sums by itself. */
typedef double pair __attribute__((vector_size(16)));

static pair load(const double *values)
{
    pair p;
    memcpy(&p, values, sizeof p);
    return p;
}

static double mean_of(const double *values, size_t count)
{
    pair a = {0, 0}, b = {0, 0};
    size_t i = 0;
    for (; i + 4 <= count; i += 4) {
        a += load(values + i);
        b += load(values + i + 2);
    }
    a += b;
    double sum = a[0] + a[1];
    for (; i < count; i++)
        sum += values[i];
    return sum / (double)count;
}

/* The powers were taken of distances from the rounded mean: move them to mean + low. */
static mdm_moments about_the_mean(mdm_moments m)
{
    double e = m.low, n = m.n;
    double m2 = m.m2 - n * e * e;
    double m3 = m.m3 - 3 * e * m.m2 + 2 * n * e * e * e;
    double m4 = m.m4 - 4 * e * m.m3 + 6 * e * e * m.m2 - 3 * n * e * e * e * e;
    return (mdm_moments){n, m.mean, e, m2 < 0 ? 0 : m2, m3, m4 < 0 ? 0 : m4};
}

mdm_moments mdm_moments_of(const double *values, size_t count)
{
    if (count == 0) return (mdm_moments){0};
    double mean = mean_of(values, count);
    pair means = {mean, mean};
    pair s1 = {0, 0}, s2 = {0, 0}, s3 = {0, 0}, s4 = {0, 0};
    size_t i = 0;
    for (; i + 2 <= count; i += 2) {
        pair d = load(values + i) - means, d2 = d * d;
        s1 += d;
        s2 += d2;
        s3 += d2 * d;
        s4 += d2 * d2;
    }
    double d1 = s1[0] + s1[1], m2 = s2[0] + s2[1], m3 = s3[0] + s3[1], m4 = s4[0] + s4[1];
    if (i < count) {
        double d = values[i] - mean, d2 = d * d;
        d1 += d;
        m2 += d2;
        m3 += d2 * d;
        m4 += d2 * d2;
    }
    return about_the_mean((mdm_moments){(double)count, mean, d1 / (double)count, m2, m3, m4});
}

/* mean + low moves by a step; Knuth's sum keeps what the mean cannot hold. */
static void move_mean(mdm_moments *m, double step)
{
    double add = m->low + step, mean = m->mean + add, back = mean - m->mean;
    m->low = (m->mean - (mean - back)) + (add - back);
    m->mean = mean;
}

void mdm_moments_merge(mdm_moments *into, const mdm_moments *other)
{
    if (other->n == 0) return;
    if (into->n == 0) {
        *into = *other;
        return;
    }
    const mdm_moments a = *into, b = *other;
    double n = a.n + b.n, delta = (b.mean - a.mean) + (b.low - a.low), d_n = delta / n;
    double d2 = delta * d_n * a.n * b.n; /* delta^2 na nb / n */
    into->n = n;
    move_mean(into, d_n * b.n);
    into->m2 = a.m2 + b.m2 + d2;
    into->m3 = a.m3 + b.m3 + d2 * d_n * (a.n - b.n) + 3 * d_n * (a.n * b.m2 - b.n * a.m2);
    into->m4 = a.m4 + b.m4 + d2 * d_n * d_n * (a.n * a.n - a.n * b.n + b.n * b.n) +
               6 * d_n * d_n * (a.n * a.n * b.m2 + b.n * b.n * a.m2) +
               4 * d_n * (a.n * b.m3 - b.n * a.m3);
}

double mdm_moments_variance(const mdm_moments *m)
{
    return m->n < 2 ? (double)NAN : m->m2 / (m->n - 1);
}

double mdm_moments_skewness(const mdm_moments *m)
{
    if (m->n < 3) return (double)NAN;
    if (m->m2 == 0) return 0;
    double n = m->n, biased = sqrt(n) * m->m3 / pow(m->m2, 1.5);
    return biased * sqrt(n * (n - 1)) / (n - 2);
}

double mdm_moments_kurtosis(const mdm_moments *m)
{
    if (m->n < 4) return (double)NAN;
    if (m->m2 == 0) return 0;
    double n = m->n, biased = n * m->m4 / (m->m2 * m->m2) - 3;
    return (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * biased + 6);
}
