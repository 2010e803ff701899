/* Copying to another account: see right_across.h. */
#include "role/store/right_across.h"

#include <errno.h>
#include <stdlib.h>

#include "base/container.h"
#include "base/cursor.h"
#include "base/mem.h"
#include "role/store/store_private.h"

/* A message of the step may have gone since it was listed; somebody who expunges all the time is no reason to
 * list for ever. */
enum { TRIES_MAX = 5 };

struct right_across_message {
	struct account_delivery delivery;
	struct account_target target;
	struct account_wanted_place place;
	struct view words[ACCOUNT_FLAGS_KEYWORDS_MAX];
	uint64_t hashes[ACCOUNT_HASHES_MAX];
	char *prefix, *uidl, *summary, *structure;
};

static void forget_messages(struct right_across *a)
{
	for (size_t i = 0; a->messages && i < a->fetched; i++) {
		mem_free(a->messages[i].prefix);
		mem_free(a->messages[i].uidl);
		mem_free(a->messages[i].summary);
		mem_free(a->messages[i].structure);
	}
	mem_free(a->messages);
	a->messages = NULL;
	a->fetched = 0;
	account_keyword_names_free(&a->names);
	a->names = (struct account_keyword_names){.shard = 0};
	account_fetch_free(&a->fetch);
	a->fetch = (struct account_fetch){.shard = 0};
}

void right_across_free(struct right_across *a)
{
	if (a == NULL)
		return;
	/* The session has ended in the middle of a copy. */
	if (!a->complete && a->append.shard)
		account_append_leave(&store_role.accounts, &a->append);
	forget_messages(a);
	mem_free(a);
}

/* ---- the end ---- */

/* Of a copy that is undone nobody is warned. */
static void end(struct right_across *a, int result)
{
	a->complete = true;
	a->warning.shard = a->to.shard;
	if (a->copied_count > 0)
		store_notice_quota(&a->warning, 1);
	a->done(a->question, result);
}

static void undone(struct account_request *undo, int result)
{
	struct right_across *a = container_of(undo, struct right_across, undo);
	if (result)
		account_append_leave(&store_role.accounts, &a->append);
	a->complete = true;
	if (question_back(a->question))
		a->done(a->question, a->failure);
}

static void fail(struct right_across *a, int error)
{
	if (a->append.part == 0) {
		end(a, error);
		return;
	}
	a->failure = error;
	a->copied_count = 0;
	a->undo = (struct account_request){.shard = a->to.shard, .done = undone, .only = a->append.intent};
	question_call(a->question);
	account_repair(&store_role.accounts, &a->undo);
}

static void begin_step(struct right_across *a);

static void appended(struct account_append *call, int result)
{
	struct right_across *a = container_of(call, struct right_across, append);
	if (!question_back(a->question))
		return;
	if (result == -ESTALE && ++a->tries < TRIES_MAX) {
		begin_step(a);
		return;
	}
	if (result) {
		/* The source has been listed: it is the target that is not there. */
		fail(a, result == -ENOENT ? -ENODEV : result);
		return;
	}
	for (size_t i = 0; i < call->count; i++, a->copied_count++) {
		a->copied[a->copied_count] = a->listed[i].uid;
		a->new_uids[a->copied_count] = a->messages[i].target.uid;
		if (a->messages[i].target.warn)
			a->warning.warn = a->messages[i].target.warn;
	}
	a->uidvalidity = call->uidvalidity;
	a->modseq = call->source_modseq;
	a->first = a->listed[call->count - 1].uid + 1;
	a->tries = 0;
	if (a->others || call->count < a->found)
		begin_step(a);
	else
		end(a, 0);
}

static void append(struct right_across *a)
{
	for (size_t i = 0; i < a->found; i++)
		a->deliveries[i] = &a->messages[i].delivery;
	uint32_t part = a->append.part;
	uint64_t intent = a->append.intent;
	a->append = (struct account_append){.shard = a->to.shard,
	    .messages = a->deliveries,
	    .count = a->found,
	    .mailbox = a->to.mailbox,
	    .source_shard = a->from.shard,
	    .source_emails = a->emails,
	    .source_mailbox = a->from.mailbox,
	    .source_uids = a->sources,
	    .source_user = a->to.rights & RIGHT_READ ? a->question->right->account : 0,
	    .source_without_shared = !(a->to.rights & RIGHT_ANNOTATE),
	    .move = a->move,
	    .more = !a->move,
	    .part = part,
	    .intent = intent,
	    .done = appended};
	a->append.count = account_append_fit(&a->append);
	a->append.more = !a->move && (a->others || a->append.count < a->found);
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
	right_leave_out_flags(&a->to, &m->place);
	m->target = (struct account_target){.shard = a->to.shard,
	    .prefix = view_of(m->prefix, e->prefix.len),
	    .uidl = view_of(m->uidl, e->uidl.len),
	    .places = &m->place,
	    .place_count = 1,
	    .enforce_quota = true,
	    .quota_default = settings->quota_default,
	    .quota_messages_default = settings->quota_messages_default};
	m->delivery = (struct account_delivery){.blob = e->blob,
	    .quota_warning = (unsigned)settings->quota_warning,
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
	if (result == -ENOENT && ++a->tries < TRIES_MAX)
		begin_step(a);
	else if (result)
		fail(a, result == -ENOENT ? -ESTALE : result);
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
		fail(a, result);
		return;
	}
	a->messages = mem_array(a->found, sizeof *a->messages);
	fetch(a);
}

static void read_names(struct right_across *a)
{
	for (size_t i = 0; i < a->found; i++) {
		a->emails[i] = a->listed[i].emailid;
		a->sources[i] = a->listed[i].uid;
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
	for (size_t i = 0; i < call->count && result == 0 && !a->others; i++)
		if (bsearch(&a->slice[i].uid, a->uids, a->count, sizeof *a->uids, by_uid)) {
			a->others = a->found == ACCOUNT_APPEND_MAX;
			if (!a->others)
				a->listed[a->found++] = a->slice[i];
		}
	if (result)
		fail(a, result);
	else if (call->more && !a->others)
		list(a, call->next);
	else if (a->found > 0)
		read_names(a);
	else if (a->append.part > 0)
		fail(a, -ESTALE); /* the last ones have gone meanwhile, and no step withdraws the intent */
	else
		end(a, 0);
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

static void begin_step(struct right_across *a)
{
	forget_messages(a);
	a->found = a->more_count = 0;
	a->others = false;
	if (a->first > a->uids[a->count - 1])
		end(a, 0);
	else
		list(a, a->first);
}

void right_across(struct right_across *a)
{
	if (a->count == 0) {
		end(a, 0);
		return;
	}
	a->first = a->uids[0];
	begin_step(a);
}
