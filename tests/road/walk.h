/* walk.h - the road of a statement walked on one database, and what must be in the report then. */
#ifndef MDM_TESTS_ROAD_WALK_H
#define MDM_TESTS_ROAD_WALK_H

/* A whole test program: url of a database that may be written to, NULL: a file of file_backend. */
int walk_main(const char *url, const char *file_backend);

#endif
