#include <stdlib.h>

#include "walk.h"

int main(void)
{
    const char *url = getenv("MDM_TEST_POSTGRESQL");
    return url ? walk_main(url, NULL) : 77;
}
