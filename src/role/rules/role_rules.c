/*
 * Rules of mail. A script is a stranger's program, and runs over what another stranger sent: so both are read
 * here, in a process that has no files, no network and no mail but the messages under way, and that is
 * expendable. It does nothing itself: it says what the scripts want done, and store judges that and does it.
 * Unlike the content role it is waited for, by a delivery, so it runs at the usual priority and never behind
 * indexing.
 */
#include "role/rules/role_rules.h"

#include <unistd.h>

#include "format/charset.h"
#include "format/fold.h"
#include "process/own_limits.h"
#include "role/rules/rules_private.h"

enum {
	/* A script being compiled, its form; the runs that store has under way, each with its message and
	 * SIEVE_RUN_MEMORY_MAX; the programs that are kept; and room for the growth of buffers. */
	MEMORY_MAX = 256 << 20
};

static struct link store_link;

static const struct link_verb store_verbs[] = {{MESSAGE_RULES_COMPILE, rules_compile_piece},
    {MESSAGE_RULES_RUN, rules_run_message}, {MESSAGE_RULES_PIECE, rules_run_piece},
    {MESSAGE_RULES_ANSWER, rules_run_answer}, {0}};
static const struct role_hears hears[] = {{ROLE_STORE, store_verbs}, {0}};

static int rules_role_start(struct role_process *p)
{
	(void)p;
	own_limits_memory(MEMORY_MAX);
	charset_prepare();
	fold_prepare();
	return 0;
}

static void rules_role_peer(struct role_process *p, enum role_bit role, int fd)
{
	if (role != ROLE_STORE) {
		close(fd); /* nobody else calls */
		return;
	}
	rules_compile_begin();
	rules_run_begin();
	link_open(&store_link, p, fd, role, NULL, NULL);
}

static int rules_role_serve(struct role_process *p)
{
	(void)p;
	return 0;
}

const struct role_functions rules_functions = {
    .start = rules_role_start,
    .serve = rules_role_serve,
    .peer = rules_role_peer,
    .hears = hears,
};
