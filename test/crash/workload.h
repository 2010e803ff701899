/*
 * Work whose every trace can be checked afterwards. Commit number n (counted in the store itself) writes a
 * pair of entries in two shards and a body, and now and then deletes an old pair; so from the count alone it
 * is known what must be there, and what must not.
 */
#ifndef TEST_CRASH_WORKLOAD_H
#define TEST_CRASH_WORKLOAD_H

#include "store/store.h"
#include "store/store_embedded.h"

/* Opens the store as these tests use it: small log files, so that they change often. */
int workload_open(const char *folder, void (*at_step)(const char *step), struct store **out);

/*
 * Makes this many commits, several under way, with pauses in which the store goes to rest. Each success is
 * told with its number. Returns the first error of a commit (others may have succeeded).
 */
int workload_run(struct store *s, unsigned commits, uint32_t seed, void (*acknowledged)(uint32_t number));

/* Has packing run beside the work that follows: each sealed log file, and what else is even a little dead. */
void workload_pack(struct store *s);

/* Exits unless store_check finds nothing. */
void workload_check(struct store *s, const char *where);

/* Everything of commits 1 to n is there, whole, and nothing else; n is at least `acknowledged`. Exits if not.
 */
uint32_t workload_verify(struct store *s, uint32_t acknowledged, const char *where);

/*
 * The same while a disk fails, which the store may notice at any read: false when something could not be
 * read. What could be read was whole.
 */
bool workload_verify_readable(struct store *s, uint32_t acknowledged, const char *where);

#endif
