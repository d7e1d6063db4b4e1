#include <stddef.h>

#include "walk.h"

int main(void)
{
    return walk_main(NULL, "duckdb");
}
