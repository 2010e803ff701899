/* Copying to another account: see right_across.h. */
#include "role/store/right_across.h"

#include <errno.h>
#include <stdlib.h>

#include "base/container.h"
#include "base/cursor.h"
#include "base/mem.h"
#include "role/store/store_private.h"

_Static_assert((int)MAIL_ACROSS_MAX == (int)ACCOUNT_APPEND_MAX, "as many as one commit adds");

struct right_across_message {
	struct account_delivery delivery;
	struct account_target target;
	struct account_wanted_place place;
	struct view words[ACCOUNT_FLAGS_KEYWORDS_MAX];
	uint64_t hashes[ACCOUNT_HASHES_MAX];
	char *prefix, *uidl, *summary, *structure;
};

uint32_t right_across_uid(const struct right_across *a, size_t i)
{
	return a->messages[i].target.uid;
}

void right_across_free(struct right_across *a)
{
	if (a == NULL)
		return;
	for (size_t i = 0; a->messages && i < a->found; i++) {
		mem_free(a->messages[i].prefix);
		mem_free(a->messages[i].uidl);
		mem_free(a->messages[i].summary);
		mem_free(a->messages[i].structure);
	}
	mem_free(a->messages);
	account_keyword_names_free(&a->names);
	account_fetch_free(&a->fetch);
	mem_free(a);
}

/* ---- the end ---- */

static void expunged(struct account_expunge *call, int result)
{
	struct right_across *a = container_of(call, struct right_across, expunge);
	if (!question_back(a->question))
		return;
	a->modseq = a->removed.modseq;
	a->done(a->question, result);
}

static void appended(struct account_append *call, int result)
{
	struct right_across *a = container_of(call, struct right_across, append);
	if (!question_back(a->question))
		return;
	if (result) {
		/* The source has been listed: it is the target that is not there. */
		a->done(a->question, result == -ENOENT ? -ENODEV : result);
		return;
	}
	a->copied_count = a->found;
	a->uidvalidity = call->uidvalidity;
	if (!a->move) {
		a->done(a->question, 0);
		return;
	}
	for (size_t i = 0; i < a->found; i++)
		a->sources[i] = a->listed[i].uid;
	a->removed.uids = a->removed_uids;
	a->expunge = (struct account_expunge){.shard = a->from.shard,
	    .mailbox = a->from.mailbox,
	    .uids = a->sources,
	    .uid_count = a->found,
	    .removed = &a->removed,
	    .done = expunged};
	question_call(a->question);
	account_expunge(&store_role.accounts, &a->expunge);
}

static void append(struct right_across *a)
{
	for (size_t i = 0; i < a->found; i++)
		a->deliveries[i] = &a->messages[i].delivery;
	a->append = (struct account_append){.shard = a->to.shard,
	    .messages = a->deliveries,
	    .count = a->found,
	    .mailbox = a->to.mailbox,
	    .source_shard = a->from.shard,
	    .source_emails = a->emails,
	    .done = appended};
	question_call(a->question);
	account_append(&store_role.accounts, &a->append);
}

/* ---- what they are ---- */

/* The name of a keyword's number; empty: it has none any more. */
static struct view name_of(const struct right_across *a, uint32_t number)
{
	struct cursor in = cursor_on(buf_view(&a->names.names));
	while (!cursor_at_end(&in)) {
		uint32_t n = cursor_u32(&in);
		struct view name = cursor_bytes(&in, cursor_u8(&in));
		if (n == number && cursor_ok(&in))
			return name;
	}
	return (struct view){0};
}

static void add_word(const struct right_across *a, struct right_across_message *m, uint32_t number)
{
	struct view name = name_of(a, number);
	if (name.len > 0 && m->place.keyword_count < ACCOUNT_FLAGS_KEYWORDS_MAX)
		m->words[m->place.keyword_count++] = name;
}

static void add_keywords(
    const struct right_across *a, struct right_across_message *m, const struct account_listed *l)
{
	for (uint32_t n = 0; n < FLAG_KEYWORDS; n++)
		if (l->flags & FLAG_KEYWORD << n)
			add_word(a, m, n);
	for (size_t i = 0; i < a->more_count && l->flags & FLAG_MORE; i++)
		for (size_t k = 0; a->more_uids[i] == l->uid && k < a->names.more[i].count; k++)
			add_word(a, m, a->names.more[i].numbers[k]);
}

/* What stands behind the body goes with it. */
static void fill(struct right_across *a, size_t i, const struct account_fetched *e)
{
	const struct settings *settings = &store_role.process->settings;
	const struct account_listed *l = &a->listed[i];
	struct right_across_message *m = &a->messages[i];
	m->prefix = mem_string(e->prefix);
	m->uidl = mem_string(e->uidl);
	m->summary = mem_string(e->summary);
	m->structure = mem_string(e->structure);
	for (size_t k = 0; k < e->hash_count; k++)
		m->hashes[k] = e->hashes[k];
	m->place = (struct account_wanted_place){
	    .number = a->to.mailbox, .flags = l->flags & FLAGS_SYSTEM, .keywords = m->words};
	add_keywords(a, m, l);
	m->target = (struct account_target){.shard = a->to.shard,
	    .prefix = view_of(m->prefix, e->prefix.len),
	    .uidl = view_of(m->uidl, e->uidl.len),
	    .places = &m->place,
	    .place_count = 1,
	    .enforce_quota = true,
	    .quota_default = settings->quota_default,
	    .quota_messages_default = settings->quota_messages_default};
	m->delivery = (struct account_delivery){.blob = e->blob,
	    .body_len = e->body_len,
	    .internaldate = l->internaldate,
	    .binary = l->flags & FLAG_BINARY,
	    .text_growth = e->text_growth,
	    .summary = view_of(m->summary, e->summary.len),
	    .structure = view_of(m->structure, e->structure.len),
	    .message_id_hash = e->hash_count ? m->hashes[0] : 0,
	    .references = m->hashes + 1,
	    .reference_count = e->hash_count ? e->hash_count - 1 : 0,
	    .targets = &m->target,
	    .target_count = 1};
}

static void fetch(struct right_across *a);

static void fetched(struct account_fetch *call, int result)
{
	struct right_across *a = container_of(call, struct right_across, fetch);
	if (!question_back(a->question))
		return;
	for (size_t i = 0; i < call->count && result == 0; i++) {
		result = call->messages[i].result;
		if (result == 0)
			fill(a, a->fetched++, &call->messages[i]);
	}
	account_fetch_free(call);
	if (result)
		a->done(a->question, result == -ENOENT ? -ESTALE : result);
	else if (a->fetched < a->found)
		fetch(a);
	else
		append(a);
}

static void fetch(struct right_across *a)
{
	size_t left = a->found - a->fetched;
	a->fetch = (struct account_fetch){.shard = a->from.shard,
	    .emailids = a->emails + a->fetched,
	    .emailid_count = left < ACCOUNT_FETCH_MAX ? left : ACCOUNT_FETCH_MAX,
	    .derived = ACCOUNT_INDEXED,
	    .done = fetched};
	question_call(a->question);
	account_fetch(&store_role.accounts, &a->fetch);
}

static void names_read(struct account_keyword_names *names, int result)
{
	struct right_across *a = container_of(names, struct right_across, names);
	if (!question_back(a->question))
		return;
	if (result) {
		a->done(a->question, result);
		return;
	}
	a->messages = mem_array(a->found, sizeof *a->messages);
	fetch(a);
}

static void read_names(struct right_across *a)
{
	for (size_t i = 0; i < a->found; i++) {
		a->emails[i] = a->listed[i].emailid;
		if (a->listed[i].flags & FLAG_MORE)
			a->more_uids[a->more_count++] = a->listed[i].uid;
	}
	a->names = (struct account_keyword_names){.shard = a->from.shard,
	    .mailbox = a->from.mailbox,
	    .uids = a->more_uids,
	    .uid_count = a->more_count,
	    .done = names_read};
	question_call(a->question);
	account_keyword_names(&store_role.accounts, &a->names);
}

/* ---- which ones there are ---- */

static int by_uid(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

static void list(struct right_across *a, uint32_t from);

static void listed(struct account_list *call, int result)
{
	struct right_across *a = container_of(call, struct right_across, list);
	if (!question_back(a->question))
		return;
	for (size_t i = 0; i < call->count && result == 0; i++)
		if (bsearch(&a->slice[i].uid, a->uids, a->count, sizeof *a->uids, by_uid)) {
			if (a->found == ACCOUNT_APPEND_MAX)
				result = -E2BIG;
			else
				a->listed[a->found++] = a->slice[i];
		}
	if (result)
		a->done(a->question, result);
	else if (call->more)
		list(a, call->next);
	else if (a->found > 0)
		read_names(a);
	else
		a->done(a->question, 0);
}

static void list(struct right_across *a, uint32_t from)
{
	a->list = (struct account_list){.shard = a->from.shard,
	    .mailbox = a->from.mailbox,
	    .first = from,
	    .last = a->uids[a->count - 1],
	    .user = a->from.user,
	    .messages = a->slice,
	    .room = ACCOUNT_LIST_MAX,
	    .done = listed};
	question_call(a->question);
	account_list(&store_role.accounts, &a->list);
}

void right_across(struct right_across *a)
{
	if (a->count == 0)
		a->done(a->question, 0);
	else
		list(a, a->uids[0]);
}
