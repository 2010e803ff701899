/* Groups are passed over, and so are comments, names and routes: what is compared are mailboxes. */
#include "sieve/sieve_address.h"

#include <string.h>

/* Where the user's name ends and the detail begins; false: there is no detail. */
static bool split(const struct sieve_run *run, struct view local_part, struct view *user, struct view *detail)
{
	struct view separators = run->world->subaddress;
	size_t at = 0;

	while (at < local_part.len && view_find(separators, local_part.data[at]) < 0)
		at++;
	*user = view_take(local_part, at);
	*detail = view_skip(local_part, at + 1);
	return at < local_part.len;
}

/* Where there is room for it, the address lives as long as the call alone: a header may have thousands. */
static enum sieve_truth whole(struct sieve_matching *m, struct view local_part, struct view domain)
{
	size_t len = local_part.len + 1 + domain.len;
	char usual[512], *text = len <= sizeof(usual) ? usual : arena_alloc(m->run->arena, len);

	if (view_empty(domain))
		return sieve_matching_value(m, local_part);
	if (!text)
		return sieve_run_no_memory(m->run);
	if (local_part.len)
		memcpy(text, local_part.data, local_part.len);
	text[local_part.len] = '@';
	memcpy(text + local_part.len + 1, domain.data, domain.len);
	return sieve_matching_value(m, view_of(text, len));
}

enum sieve_truth sieve_match_address(struct sieve_matching *m, struct view local_part, struct view domain)
{
	struct view user, detail;

	if (view_empty(local_part) && view_empty(domain))
		return sieve_matching_value(m, local_part);
	switch (m->step->part) {
	case SIEVE_LOCALPART:
		return sieve_matching_value(m, local_part);
	case SIEVE_DOMAIN:
		return view_empty(domain) ? SIEVE_FALSE : sieve_matching_value(m, domain);
	case SIEVE_USER:
		split(m->run, local_part, &user, &detail);
		return sieve_matching_value(m, user);
	case SIEVE_DETAIL:
		return split(m->run, local_part, &user, &detail) ? sieve_matching_value(m, detail)
		                                                 : SIEVE_FALSE;
	default:
		return whole(m, local_part, domain);
	}
}

enum sieve_truth sieve_match_addresses(struct sieve_matching *m, struct sieve_field *field)
{
	enum sieve_truth truth = SIEVE_FALSE;
	const struct address_list *list;

	if (!sieve_run_work(m->run, field->body.len / 16 + 1))
		return SIEVE_BROKEN;
	if (sieve_message_addresses(m->run->message, field, &list) != 0)
		return sieve_run_no_memory(m->run);
	for (size_t i = 0; i < list->count && truth == SIEVE_FALSE; i++)
		if (list->items[i].kind == ADDRESS_MAILBOX && !view_empty(list->items[i].local_part))
			truth = sieve_match_address(m, list->items[i].local_part, list->items[i].domain);
	return truth;
}
