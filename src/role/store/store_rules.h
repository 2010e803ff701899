/*
 * The rules role, which store alone asks: to compile scripts, and to run them over mail (store_filter.h). It
 * may end at any time, over a script or a message of somebody's: whoever asked is told, and nobody else is
 * hurt.
 */
#ifndef ROLE_STORE_STORE_RULES_H
#define ROLE_STORE_STORE_RULES_H

#include "process/role.h"

/* The role's channel, new or made anew. */
void store_rules_open(struct role_process *p, int fd);
struct calls *store_rules_calls(void);

/* Before the store is closed; nothing is answered any more. */
void store_rules_stop(void);

/*
 * Compiles a script. `done` is called once, later, unless the compilation was cancelled. error: 0; -EINVAL:
 * the complaints say why; -E2BIG: it is too large; -ENOMEM, -EAGAIN: not now; -EIO: it ended the process that
 * read it. With 0 there may be complaints as well, which are warnings. What it is given lives during the
 * call; more: so many complaints are not told.
 */
struct rules_complaints {
	const struct message_rules_complaint *items;
	size_t count, more;
};
typedef void store_rules_compiled(
    void *arg, int error, struct view form, const struct rules_complaints *complaints);
struct rules_compilation;
/* The text is copied. */
struct rules_compilation *store_rules_compile(struct view text, store_rules_compiled *done, void *arg);
void store_rules_cancel(struct rules_compilation *c);

#endif
