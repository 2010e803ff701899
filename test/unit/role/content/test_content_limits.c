/* What content may take: whatever an attachment makes of it, this process alone is out of memory. */
#include "../../unit.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "role/content/role_content.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define SANITIZED
#endif

enum { MEGABYTE = 1 << 20, ENOUGH = 300, TOO_MUCH = 600, FINE = 0, REFUSED = 3 };

/* In a process of its own, after the role's start. Memory counts when it is written to as well as when it is
 * asked for, since the limit is on what is mapped. */
static int take(unsigned megabytes, bool must)
{
	static struct role_process process;
	pid_t pid = fork();
	if (pid == 0) {
		log_open(-1, "content", LOG_ERROR);
		if (content_functions.start(&process) != 0)
			_exit(99);
		for (unsigned i = 0; i < megabytes; i++) {
			char *piece = must ? mem_alloc(MEGABYTE) : mem_try(MEGABYTE);
			if (piece == NULL)
				_exit(REFUSED);
			memset(piece, 1, MEGABYTE);
		}
		_exit(FINE);
	}
	int status = 0;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void an_extractor_that_wants_too_much_gets_none(void **state)
{
	(void)state;
#ifdef SANITIZED
	skip(); /* there is no limit: the sanitizer's own memory is larger than any */
#endif
	int status = take(ENOUGH, false);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == FINE);
	status = take(TOO_MUCH, false);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == REFUSED);
}

/* What cannot be answered ends the process, and nobody else: store goes on with a new one. */
static void what_must_have_memory_ends_alone(void **state)
{
	(void)state;
#ifdef SANITIZED
	skip();
#endif
	int status = take(TOO_MUCH, true);
	assert_false(WIFEXITED(status) && WEXITSTATUS(status) == FINE);
	status = take(ENOUGH, true);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == FINE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_extractor_that_wants_too_much_gets_none),
	    cmocka_unit_test(what_must_have_memory_ends_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
