/* The directory's operations, asked and waited for: what test_directory_job.c and test_directory_remove.c
 * share. */
#ifndef TEST_DIRECTORY_JOB_WORLD_H
#define TEST_DIRECTORY_JOB_WORLD_H

#include "../../account/support.h"

#include <errno.h>
#include <stdio.h>

#include "base/log.h"
#include "role/store/directory_job.h"

extern struct directory_job *job;              /* of the last question */
extern struct message_directory_answer answer; /* good until the next question */
extern bool finished;

int start_memory(void **state);
int start_embedded(void **state);
int stop(void **state);

/* A test on each engine. */
#define ON_BOTH(test)                                                                                        \
	cmocka_unit_test_setup_teardown(test, start_memory, stop),                                           \
	    cmocka_unit_test_setup_teardown(test, start_embedded, stop)

/* Asks, and waits for the answer; its error. ask: with the fields up to the first NULL. */
int ask_views(uint64_t operation, uint64_t number, const struct view *fields, size_t count);
int ask(uint64_t operation, uint64_t number, const char *a, const char *b, const char *c, const char *d);

/* The n-th field of the answer. */
struct view field(size_t n);

/* The domain example.test, and alice in it; her number. */
uint64_t add_domain_and_alice(void);

/* Removes an account for good: marked, and then erased in steps. */
void remove_now(const char *address);

#endif
