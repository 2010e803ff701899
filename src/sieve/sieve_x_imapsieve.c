/*
 * Scripts that run since a message in a mailbox was put there or changed by IMAP: RFC 6785. What only a
 * delivery allows fails there; the environment's items, as "imap.cause", the world knows.
 */
#include "sieve/sieve_imap.h"

static bool needs_delivery(struct view extension)
{
	static const char *const names[] = {"reject", "ereject", "vacation", "vacation-seconds"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (view_equal(extension, view_from_string(names[i])))
			return true;
	return false;
}

const struct sieve_step *sieve_imap_unsuited(const struct sieve_step *first)
{
	for (; first && !first->word->act && !first->word->block; first = first->next) {
		const struct sieve_value *names = sieve_positional(first, 0);

		for (uint32_t i = 0; i < names->count; i++)
			if (needs_delivery(names->strings[i]))
				return first;
	}
	return NULL;
}

bool sieve_imap_allows(enum sieve_action_kind kind)
{
	return kind != SIEVE_REJECT && kind != SIEVE_EREJECT && kind != SIEVE_VACATION;
}
