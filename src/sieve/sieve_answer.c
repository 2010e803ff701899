/*
 * Every rule has met a loop or a flood of answers once: two programs that answer one another, an answer to a
 * list of thousands, answers to what was forged. So whatever is in doubt is not answered.
 */
#include "sieve/sieve_answer.h"

#include <errno.h>
#include <string.h>

#include "format/domain.h"
#include "format/limits.h"
#include "sieve/sieve_words.h"

/* ---- whose an address is ---- */

static void split(struct view address, struct view *local, struct view *domain)
{
	ptrdiff_t at = view_find_last(address, '@');

	*local = at < 0 ? address : view_take(address, (size_t)at);
	*domain = at < 0 ? (struct view){0} : view_skip(address, (size_t)at + 1);
	if (local->len > 1 && local->data[0] == '"' && local->data[local->len - 1] == '"')
		*local = view_skip(view_take(*local, local->len - 1), 1);
}

static bool same_domain(struct view a, struct view b)
{
	struct buf x, y;
	bool same = view_equal_nocase(a, b);

	if (same)
		return true;
	buf_init(&x, DOMAIN_MAX);
	buf_init(&y, DOMAIN_MAX);
	same = domain_normalize(a, &x) == 0 && domain_normalize(b, &y) == 0 &&
	       view_equal(buf_view(&x), buf_view(&y));
	buf_done(&x);
	buf_done(&y);
	return same;
}

static struct view without_detail(struct view local, struct view separators)
{
	size_t at = 0;

	while (at < local.len && view_find(separators, local.data[at]) < 0)
		at++;
	return at > 0 ? view_take(local, at) : local;
}

/* Without case in the local part: our own domains take them so. */
static bool is_same(struct view own, struct view local, struct view domain, struct view separators)
{
	struct view own_local, own_domain;

	split(view_trim(own), &own_local, &own_domain);
	if (view_empty(own_local))
		return false;
	return (view_equal_nocase(own_local, local) ||
	           view_equal_nocase(own_local, without_detail(local, separators))) &&
	       same_domain(own_domain, domain);
}

static bool is_own(
    const struct sieve_message *m, const struct sieve_owner *owner, struct view local, struct view domain)
{
	if (is_same(m->recipient, local, domain, owner->separators))
		return true;
	for (size_t i = 0; i < owner->address_count; i++)
		if (is_same(owner->addresses[i], local, domain, owner->separators))
			return true;
	for (size_t i = 0; i < owner->more_count; i++)
		if (is_same(owner->more[i], local, domain, owner->separators))
			return true;
	return false;
}

bool sieve_is_own(const struct sieve_message *m, const struct sieve_owner *owner, struct view address)
{
	struct view local, domain;

	split(address, &local, &domain);
	return is_own(m, owner, local, domain);
}

/* ---- who sent it ---- */

/* RFC 5230 section 4.5, RFC 3834 section 2, and the names that programs send with. */
static const char *judge_sender(struct view sender)
{
	static const char *const names[] = {"mailer-daemon", "listserv", "majordomo", "postmaster", "noreply",
	    "no-reply", "no_reply", "donotreply", "do-not-reply", "bounce", "bounces", NULL};
	static const char *const ends[] = {
	    "-request", "-relay", "-owner", "-bounces", "-bounce", "-noreply", NULL};
	struct view local, domain;

	split(sender, &local, &domain);
	if (view_empty(local) || view_empty(domain))
		return "nobody can be answered: the message has no sender";
	for (size_t i = 0; names[i]; i++)
		if (view_equal_nocase(local, view_from_string(names[i])))
			return "its sender is a program, by the address";
	for (size_t i = 0; ends[i]; i++)
		if (view_ends_nocase(local, view_from_string(ends[i])))
			return "its sender is a list, by the address";
	return view_starts_nocase(local, VIEW("owner-")) ? "its sender is a list, by the address" : NULL;
}

/* ---- what its header says ---- */

static struct view first_word(struct view text)
{
	size_t len = 0;

	while (len < text.len && !strchr(" \t;(,", text.data[len]))
		len++;
	return view_take(text, len);
}

static bool has_word(struct view list, const char *const *words)
{
	struct view one;

	while (view_next(&list, ',', &one))
		for (size_t i = 0; words[i]; i++)
			if (view_equal_nocase(view_trim(one), view_from_string(words[i])))
				return true;
	return false;
}

static bool is_automatic(struct view name, struct view text)
{
	return view_equal_nocase(name, VIEW("auto-submitted")) &&
	       !view_equal_nocase(first_word(text), VIEW("no"));
}

static const char *judge_field(struct view name, struct view text)
{
	static const char *const bulk[] = {"bulk", "list", "junk", NULL};
	static const char *const suppressed[] = {"all", "oof", "autoreply", NULL};
	static const char *const lists[] = {"list-id", "list-help", "list-subscribe", "list-unsubscribe",
	    "list-post", "list-owner", "list-archive", "mailing-list", "x-mailing-list", NULL};

	for (size_t i = 0; lists[i]; i++)
		if (view_equal_nocase(name, view_from_string(lists[i])))
			return "it came by a mailing list";
	if (view_equal_nocase(name, VIEW("auto-submitted")) &&
	    !view_equal_nocase(first_word(text), VIEW("no")))
		return "a program sent it (Auto-Submitted)";
	if (view_equal_nocase(name, VIEW("precedence")) && has_word(text, bulk))
		return "it was sent to many (Precedence)";
	if (view_equal_nocase(name, VIEW("x-auto-response-suppress")) && has_word(text, suppressed))
		return "its sender wants no automatic answer (X-Auto-Response-Suppress)";
	if (view_equal_nocase(name, VIEW("content-type")) &&
	    view_starts_nocase(text, VIEW("multipart/report")))
		return "it is a report";
	return NULL;
}

static bool is_recipient_field(struct view name)
{
	static const char *const names[] = {"to", "cc", "bcc", "resent-to", "resent-cc", "resent-bcc", NULL};

	for (size_t i = 0; names[i]; i++)
		if (view_equal_nocase(name, view_from_string(names[i])))
			return true;
	return false;
}

/* The first of the owner's addresses in the field. */
static int find_own(
    struct sieve_message *m, const struct sieve_owner *owner, struct sieve_field *field, struct view *own)
{
	const struct address_list *list;
	struct buf text;
	int result = 0;

	if (sieve_message_addresses(m, field, &list) != 0)
		return -ENOMEM;
	for (size_t i = 0; i < list->count && result == 0 && view_empty(*own); i++) {
		const struct address *a = &list->items[i];

		if (a->kind != ADDRESS_MAILBOX || view_empty(a->local_part) ||
		    !is_own(m, owner, a->local_part, a->domain))
			continue;
		buf_init(&text, ADDRESS_KEY_MAX);
		address_write_mailbox(&text, a->local_part, a->domain);
		/* What only a tolerant reader takes for an address, nobody can write from. */
		if (!buf_failed(&text) && !sieve_use_problem(SIEVE_USE_ADDRESS, buf_view(&text)))
			result = arena_copy(m->arena, buf_view(&text), own) ? 0 : -ENOMEM;
		buf_done(&text);
	}
	return result;
}

int sieve_answer_judge(
    struct sieve_message *m, const struct sieve_owner *owner, const char **silent, struct view *own)
{
	const char *why = judge_sender(m->sender);
	struct view found = {0};
	struct sieve_field *fields;
	size_t count;

	if (sieve_message_original(m, &fields, &count) != 0)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		struct view text;

		if (view_empty(found) && is_recipient_field(fields[i].name) &&
		    find_own(m, owner, &fields[i], &found) != 0)
			return -ENOMEM;
		if (why)
			continue;
		if (sieve_message_text(m, &fields[i], &text) != 0)
			return -ENOMEM;
		why = judge_field(fields[i].name, text);
	}
	if (!why && sieve_is_own(m, owner, m->sender))
		why = "its sender is the owner of this account";
	if (!why && view_empty(found))
		why = "it names none of the account's addresses in To or Cc";
	*silent = why;
	*own = found;
	return 0;
}

int sieve_notify_judge(struct sieve_message *m, const char **silent)
{
	struct sieve_field *fields;
	size_t count;

	*silent = NULL;
	if (sieve_message_original(m, &fields, &count) != 0)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		struct view text;

		if (!view_equal_nocase(fields[i].name, VIEW("auto-submitted")))
			continue;
		if (sieve_message_text(m, &fields[i], &text) != 0)
			return -ENOMEM;
		if (is_automatic(fields[i].name, text))
			*silent = "a program sent it (Auto-Submitted)";
	}
	return 0;
}
