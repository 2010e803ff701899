/* File carbon copies: RFC 8580. */
#include "sieve/sieve_fcc.h"
#include "sieve/sieve_flags.h"

void sieve_fcc_check(struct sieve_checker *c, const struct sieve_step *step, size_t first)
{
	static const char *const names[] = {"flags", "create", "mailboxid", "specialuse"};

	for (size_t i = SIEVE_FCC_FLAGS; i <= SIEVE_FCC_SPECIALUSE; i++) {
		const struct sieve_value *tag = sieve_tag(step, first + i);

		if (tag->kind != SIEVE_ABSENT && sieve_tag(step, first + SIEVE_FCC)->kind == SIEVE_ABSENT)
			sieve_check_error(c, tag->place,
			    ":%s says where a copy goes; there is none without :fcc", names[i - 1]);
	}
	if (sieve_tag(step, first + SIEVE_FCC_MAILBOXID)->kind != SIEVE_ABSENT &&
	    sieve_tag(step, first + SIEVE_FCC_SPECIALUSE)->kind != SIEVE_ABSENT)
		sieve_check_error(c, step->place, "a copy takes :mailboxid or :specialuse, and not both");
}

bool sieve_fcc_take(
    struct sieve_run *run, const struct sieve_step *step, size_t first, const struct sieve_fcc **fcc)
{
	const struct sieve_value *flags = sieve_tag(step, first + SIEVE_FCC_FLAGS);
	struct sieve_fcc *made;

	*fcc = NULL;
	if (sieve_tag(step, first + SIEVE_FCC)->kind == SIEVE_ABSENT)
		return true;
	made = arena_alloc(run->arena, sizeof(*made));
	if (!made) {
		sieve_run_no_memory(run);
		return false;
	}
	made->create = sieve_tag(step, first + SIEVE_FCC_CREATE)->kind != SIEVE_ABSENT;
	*fcc = made;
	/* The internal variable is of the message that came, and not of what is sent: section 3.3. */
	return sieve_run_take(run, sieve_tag(step, first + SIEVE_FCC), SIEVE_USE_MAILBOX, &made->mailbox) &&
	       sieve_run_take(
	           run, sieve_tag(step, first + SIEVE_FCC_MAILBOXID), SIEVE_USE_TEXT, &made->mailbox_id) &&
	       sieve_run_take(run, sieve_tag(step, first + SIEVE_FCC_SPECIALUSE), SIEVE_USE_SPECIAL_USE,
	           &made->special_use) &&
	       (flags->kind == SIEVE_ABSENT || sieve_flags_change(run, &made->flags, flags, false));
}
