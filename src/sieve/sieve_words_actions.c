/* The actions of RFC 5228 section 4. */
#include "sieve/sieve_dsn.h"
#include "sieve/sieve_flags.h"

#include "format/path.h"
#include "format/limits.h"

enum { ADDRESS_MAX = 2 * LOCAL_PART_MAX + DOMAIN_MAX + 3 /* a local part may be all quoted */ };

bool sieve_act_stop(struct sieve_run *run, const struct sieve_step *step)
{
	(void)step;
	run->stopped = true;
	return true;
}

bool sieve_act_keep(struct sieve_run *run, const struct sieve_step *step)
{
	struct sieve_action action = {.kind = SIEVE_KEEP, .line = step->line};

	run->keeps = false;
	return sieve_flags_of_action(run, sieve_tag(step, SIEVE_KEEP_FLAGS), &action.flags) &&
	       sieve_run_add(run, &action);
}

bool sieve_act_discard(struct sieve_run *run, const struct sieve_step *step)
{
	struct sieve_action action = {.kind = SIEVE_DISCARD, .line = step->line};

	run->keeps = false;
	return sieve_run_add(run, &action);
}

/* The address alone, in one form, so that the same one is known again. It has been judged. */
static bool bare_address(struct sieve_run *run, struct view *text)
{
	struct address_list list;
	struct buf address;
	struct path path;
	bool good;

	if (mailbox_parse(*text, run->arena, &path) == 0 && path.loose)
		return true; /* it is known by its dots, as it stands */
	buf_init(&address, ADDRESS_MAX);
	good = address_list_parse(*text, run->arena, &list) == 0 && list.count == 1 &&
	       address_write_mailbox(&address, list.items[0].local_part, list.items[0].domain) == 0 &&
	       arena_copy(run->arena, buf_view(&address), text);
	buf_done(&address);
	if (!good)
		sieve_run_no_memory(run);
	return good;
}

bool sieve_act_redirect(struct sieve_run *run, const struct sieve_step *step)
{
	struct sieve_action action = {.kind = SIEVE_REDIRECT, .line = step->line};

	if (!sieve_run_take(run, sieve_positional(step, 0), SIEVE_USE_ADDRESS, &action.target) ||
	    !bare_address(run, &action.target) || !sieve_dsn_redirect(run, step, &action))
		return false;
	action.copy = sieve_tag(step, SIEVE_REDIRECT_COPY)->kind != SIEVE_ABSENT;
	if (!action.copy)
		run->keeps = false;
	return sieve_run_add(run, &action);
}

bool sieve_act_fileinto(struct sieve_run *run, const struct sieve_step *step)
{
	struct sieve_action action = {.kind = SIEVE_FILEINTO, .line = step->line};

	if (!sieve_run_take(run, sieve_positional(step, 0), SIEVE_USE_MAILBOX, &action.target) ||
	    !sieve_run_take(
	        run, sieve_tag(step, SIEVE_FILEINTO_MAILBOXID), SIEVE_USE_TEXT, &action.mailbox_id) ||
	    !sieve_run_take(run, sieve_tag(step, SIEVE_FILEINTO_SPECIALUSE), SIEVE_USE_SPECIAL_USE,
	        &action.special_use) ||
	    !sieve_flags_of_action(run, sieve_tag(step, SIEVE_FILEINTO_FLAGS), &action.flags))
		return false;
	action.create = sieve_tag(step, SIEVE_FILEINTO_CREATE)->kind != SIEVE_ABSENT;
	action.copy = sieve_tag(step, SIEVE_FILEINTO_COPY)->kind != SIEVE_ABSENT;
	if (!action.copy)
		run->keeps = false;
	return sieve_run_add(run, &action);
}
