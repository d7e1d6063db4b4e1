/* Flajolet et al., "HyperLogLog" (2007), with the estimator of Ertl, "New cardinality estimation
 * algorithms for HyperLogLog sketches" (2017), algorithm 6: unbiased over the whole range, without
 * tables of measured corrections. */
#include "data/sketch.h"

#include <math.h>

enum { RANKS = 64 - MDM_SKETCH_BITS + 2 }; /* 0 to 51 */

void mdm_sketch_merge(mdm_sketch *into, const mdm_sketch *other)
{
    for (int i = 0; i < MDM_SKETCH_SIZE; i++)
        if (other->ranks[i] > into->ranks[i]) into->ranks[i] = other->ranks[i];
}

static double sigma(double x)
{
    if (x == 1) return (double)INFINITY;
    double y = 1, z = x, before;
    do {
        x *= x;
        before = z;
        z += x * y;
        y += y;
    } while (z != before);
    return z;
}

static double tau(double x)
{
    if (x == 0 || x == 1) return 0;
    double y = 1, z = 1 - x, before;
    do {
        x = sqrt(x);
        before = z;
        y *= 0.5;
        z -= (1 - x) * (1 - x) * y;
    } while (z != before);
    return z / 3;
}

double mdm_sketch_count(const mdm_sketch *sketch)
{
    const double m = MDM_SKETCH_SIZE;
    int counts[RANKS] = {0};
    for (int i = 0; i < MDM_SKETCH_SIZE; i++)
        counts[sketch->ranks[i]]++;
    double z = m * tau(1 - counts[RANKS - 1] / m);
    for (int k = RANKS - 2; k >= 1; k--)
        z = 0.5 * (z + counts[k]);
    z += m * sigma(counts[0] / m);
    return m * m / (2 * log(2)) / z;
}
