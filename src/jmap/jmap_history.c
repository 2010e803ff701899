/*
 * What was deleted and can be brought back (urn:postrider:params:jmap:history; doc/jmap.md):
 * DeletedEmail/get, /query and /restore, DeletedMailbox/get. An id of a deleted email holds its number and
 * when it is erased, by which store finds it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "base/mem.h"
#include "jmap/jmap_header.h"
#include "jmap/jmap_mailboxes.h"
#include "jmap/jmap_private.h"
#include "mail/mail_history.h"
#include "mime/summary.h"

static size_t id_write(char out[static MAIL_ID_MAX], uint64_t account, uint64_t email, int64_t expires)
{
	struct mail_id id = {
	    .letter = MAIL_ID_DELETED, .account = account, .number = email, .part = (uint64_t)expires};
	return mail_id_put(out, &id);
}

static bool id_read(struct jmap_call *c, struct view text, struct mail_id *id)
{
	return mail_id_get(text, id) && id->letter == MAIL_ID_DELETED &&
	       id->account == jmap_account(c)->number;
}

static void put_time(struct json_out *w, const char *name, int64_t seconds)
{
	json_out_name(w, view_from_string(name));
	jmap_put_utc_date(w, seconds);
}

/* ---- DeletedEmail/get ---- */

static const char *const names[] = {"id", "mailboxId", "deletedAt", "expiresAt", "receivedAt", "size",
    "subject", "from", "to", "preview", "hasAttachment", "isUnread", NULL};
enum {
	HAS_MAILBOX = 1 << 1,
	HAS_DELETED = 1 << 2,
	HAS_EXPIRES = 1 << 3,
	HAS_RECEIVED = 1 << 4,
	HAS_SIZE = 1 << 5,
	HAS_SUBJECT = 1 << 6,
	HAS_FROM = 1 << 7,
	HAS_TO = 1 << 8,
	HAS_PREVIEW = 1 << 9,
	HAS_ATTACHMENT = 1 << 10,
	HAS_UNREAD = 1 << 11,
	HAS_ALL = 0xfff
};
enum { SUMMARY_MEMORY = 256 * 1024 };

struct getting {
	struct jmap_get get;
	struct jmap_scratch scratch;
	struct arena arena; /* of one summary */
	struct buf ids;     /* as the question has them */
	size_t *index;      /* which of get.ids each is */
	size_t at;          /* the next one that is answered */
	int error;
};

static void release_get(void *data)
{
	struct getting *g = data;
	jmap_scratch_done(&g->scratch);
	arena_done(&g->arena);
	buf_done(&g->ids);
}

static void put_addresses(
    struct json_out *w, struct getting *g, const char *name, const struct address_list *list)
{
	json_out_name(w, view_from_string(name));
	if (list->count == 0)
		json_out_null(w);
	else
		jmap_addresses_write(w, &g->scratch, list);
}

static void put_of_summary(struct json_out *w, struct getting *g, const struct message_summary *s)
{
	uint64_t properties = g->get.properties;
	if (properties & HAS_SUBJECT) {
		json_out_name(w, VIEW("subject"));
		if (s->envelope.subject.len == 0)
			json_out_null(w);
		else
			jmap_header_write(w, &g->scratch, HEADER_FORM_TEXT, s->envelope.subject);
	}
	if (properties & HAS_FROM)
		put_addresses(w, g, "from", &s->envelope.from);
	if (properties & HAS_TO)
		put_addresses(w, g, "to", &s->envelope.to);
	if (properties & HAS_PREVIEW) {
		json_out_name(w, VIEW("preview"));
		json_out_string(w, s->preview);
	}
}

static void put_email(struct jmap_call *c, struct getting *g, const struct history_row *row)
{
	struct json_out *w = jmap_respond(c);
	struct message_summary summary = {0};
	uint64_t account = jmap_account(c)->number, properties = g->get.properties;
	char id[MAIL_ID_MAX];
	arena_reset(&g->arena);
	if (row->summary.len > 0 && message_summary_decode(row->summary, &g->arena, &summary) != 0)
		summary = (struct message_summary){0};
	json_out_object(w);
	json_out_name(w, VIEW("id"));
	json_out_string(w, view_of(id, id_write(id, account, row->email, row->expires)));
	if (properties & HAS_MAILBOX) {
		json_out_name(w, VIEW("mailboxId"));
		jmap_put_id(w, MAIL_ID_MAILBOX, account, row->mailbox);
	}
	if (properties & HAS_DELETED)
		put_time(w, "deletedAt", row->deleted);
	if (properties & HAS_EXPIRES)
		put_time(w, "expiresAt", row->expires);
	if (properties & HAS_RECEIVED)
		put_time(w, "receivedAt", row->received);
	if (properties & HAS_SIZE) {
		json_out_name(w, VIEW("size"));
		json_out_unsigned(w, row->size);
	}
	put_of_summary(w, g, &summary);
	if (properties & HAS_ATTACHMENT) {
		json_out_name(w, VIEW("hasAttachment"));
		json_out_bool(w, summary.has_attachment);
	}
	if (properties & HAS_UNREAD) {
		json_out_name(w, VIEW("isUnread"));
		json_out_bool(w, !(row->flags & FLAG_SEEN));
	}
	json_out_end(w);
}

/* Those before the one that is answered are missing. */
static void pass(struct jmap_call *c, struct getting *g, uint64_t email, int64_t expires)
{
	while (g->at < g->ids.len / HISTORY_ID_SIZE) {
		struct cursor in = cursor_on(view_skip(buf_view(&g->ids), g->at * HISTORY_ID_SIZE));
		bool same = cursor_u64(&in) == email && (int64_t)cursor_u64(&in) == expires;
		if (!same)
			jmap_get_missing(c, g->get.ids[g->index[g->at]]);
		g->at++;
		if (same)
			return;
	}
}

static void got(struct jmap_call *c, unsigned type, const void *answer)
{
	struct getting *g = jmap_data(c);
	const struct mail_done *done = answer;
	if (type == HISTORY_ROWS) {
		struct cursor in = cursor_on(((const struct history_rows *)answer)->rows);
		struct history_row row;
		while (history_row_get(&in, &row)) {
			pass(c, g, row.email, row.expires);
			put_email(c, g, &row);
		}
	}
	if (type != MAIL_DONE)
		return;
	if (done->error) {
		jmap_error_of(c, done->error, "the deleted emails");
		return;
	}
	pass(c, g, 0, 0);
	jmap_get_end_without_state(c);
}

static bool take_ids(struct jmap_call *c, struct getting *g)
{
	struct mail_id id;
	g->index = arena_array(jmap_arena(c), g->get.count + 1, sizeof *g->index);
	if (g->index == NULL) {
		jmap_error_of(c, -ENOMEM, "the list");
		return false;
	}
	for (size_t i = 0; i < g->get.count; i++) {
		if (!id_read(c, g->get.ids[i], &id)) {
			jmap_get_missing(c, g->get.ids[i]);
			continue;
		}
		g->index[g->ids.len / HISTORY_ID_SIZE] = i;
		buf_append_u64(&g->ids, id.number);
		buf_append_u64(&g->ids, id.part);
	}
	if (!buf_failed(&g->ids))
		return true;
	jmap_error_of(c, -ENOMEM, "the list");
	return false;
}

static void run_get(struct jmap_call *c)
{
	struct getting *g = jmap_call_data(c, sizeof *g, release_get);
	jmap_scratch_init(&g->scratch);
	arena_init(&g->arena, SUMMARY_MEMORY);
	buf_init(&g->ids, HISTORY_IDS_MAX * HISTORY_ID_SIZE);
	if (!jmap_get_begin(c, &g->get, names, HAS_ALL, NULL, NULL))
		return;
	if (g->get.all) {
		jmap_error(c, "requestTooLarge", "\"ids\" is missing: DeletedEmail/query finds them");
		return;
	}
	jmap_get_list(c);
	if (!take_ids(c, g))
		return;
	struct history_get question = {.ids = buf_view(&g->ids)};
	jmap_ask(c, HISTORY_GET, &question, got);
}

/* ---- DeletedEmail/query ---- */

enum {
	ROWS_MAX = 500000 /* that a query sorts: 20 MB; what can be brought back of larger accounts is
	                     searched by time and mailbox */
};

/* What is kept of a row that meets the filter: an id, and what rows are sorted by. */
struct found_row {
	uint64_t email;
	int64_t expires, deleted, received, size;
};

struct querying {
	struct jmap_query query;
	struct found_row *rows;
	size_t count, room;
	const struct history_row *judged;
	struct jmap_call *call;
	bool too_many;
};

static void release_query(void *data)
{
	mem_free(((struct querying *)data)->rows);
}

static bool is_date(const json_t *value, int64_t *seconds)
{
	return json_is_string(value) && jmap_date_read(jmap_string(value), seconds, NULL);
}

static bool is_condition(struct jmap_call *c, const char *key, const json_t *value)
{
	uint64_t account, number;
	int64_t seconds;
	if (strcmp(key, "inMailbox") == 0)
		return json_is_string(value) &&
		       mail_id_read(jmap_string(value), MAIL_ID_MAILBOX, &account, &number) &&
		       account == jmap_account(c)->number;
	if (strcmp(key, "deletedAfter") == 0 || strcmp(key, "deletedBefore") == 0 ||
	    strcmp(key, "receivedAfter") == 0 || strcmp(key, "receivedBefore") == 0)
		return is_date(value, &seconds);
	return false;
}

static bool check_condition(void *arg, const json_t *condition)
{
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)(uintptr_t)condition, key, value)
	{
		if (!is_condition(arg, key, value)) {
			jmap_error(arg, "unsupportedFilter",
			    "\"%.100s\" is no condition, or its value is wrong", key);
			return false;
		}
	}
	return true;
}

static bool meets(struct jmap_call *c, const struct history_row *row, const char *key, const json_t *value)
{
	uint64_t account, number;
	int64_t at = 0;
	(void)c;
	if (strcmp(key, "inMailbox") == 0)
		return mail_id_read(jmap_string(value), MAIL_ID_MAILBOX, &account, &number) &&
		       number == row->mailbox;
	(void)is_date(value, &at);
	if (strcmp(key, "deletedAfter") == 0)
		return row->deleted >= at;
	if (strcmp(key, "deletedBefore") == 0)
		return row->deleted < at;
	if (strcmp(key, "receivedAfter") == 0)
		return row->received >= at;
	return row->received < at;
}

static bool matches(void *arg, const json_t *condition)
{
	const struct querying *q = arg;
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)(uintptr_t)condition, key, value)
	{
		if (!meets(q->call, q->judged, key, value))
			return false;
	}
	return true;
}

static void keep(struct querying *q, const struct history_row *row)
{
	q->judged = row;
	if (!jmap_filter_matches(q->query.filter, matches, q))
		return;
	if (q->count == ROWS_MAX) {
		q->too_many = true;
		return;
	}
	if (q->count == q->room) {
		q->room = q->room ? 2 * q->room : 256;
		q->rows = mem_resize(q->rows, q->room * sizeof *q->rows);
	}
	q->rows[q->count++] = (struct found_row){.email = row->email,
	    .expires = row->expires,
	    .deleted = row->deleted,
	    .received = row->received,
	    .size = row->size > INT64_MAX ? INT64_MAX : (int64_t)row->size};
}

static int64_t value_of(const struct found_row *row, struct view property)
{
	if (view_equal(property, VIEW("receivedAt")))
		return row->received;
	if (view_equal(property, VIEW("size")))
		return row->size;
	return row->deleted;
}

/* The newest deletion first, where nothing else is asked for, or it leaves them equal. */
static int compare(const void *a, const void *b, void *arg)
{
	const struct found_row *x = a, *y = b;
	const struct jmap_query *query = arg;
	for (size_t i = 0; i < query->sort_count; i++) {
		int64_t u = value_of(x, query->sort[i].property), v = value_of(y, query->sort[i].property);
		if (u != v)
			return (u < v) == query->sort[i].descending ? 1 : -1;
	}
	if (x->deleted != y->deleted)
		return x->deleted < y->deleted ? 1 : -1;
	return x->email < y->email ? 1 : x->email > y->email ? -1 : 0;
}

static void put_result(struct jmap_call *c, struct json_out *w, size_t i, void *arg)
{
	const struct querying *q = arg;
	char id[MAIL_ID_MAX];
	size_t len = id_write(id, jmap_account(c)->number, q->rows[i].email, q->rows[i].expires);
	json_out_string(w, view_of(id, len));
}

static ptrdiff_t find_result(struct jmap_call *c, struct view text, void *arg)
{
	const struct querying *q = arg;
	struct mail_id id;
	if (!id_read(c, text, &id))
		return -1;
	for (size_t i = 0; i < q->count; i++)
		if (q->rows[i].email == id.number && q->rows[i].expires == (int64_t)id.part)
			return (ptrdiff_t)i;
	return -1;
}

/* A state of what was found: FNV-1a of the ids. */
static uint64_t state_of(const struct querying *q)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	for (size_t i = 0; i < q->count; i++) {
		hash = (hash ^ q->rows[i].email) * UINT64_C(0x100000001b3);
		hash = (hash ^ (uint64_t)q->rows[i].expires) * UINT64_C(0x100000001b3);
	}
	return hash;
}

static void found(struct jmap_call *c, struct querying *q)
{
	struct jmap_results results = {.count = q->count, .put = put_result, .find = find_result, .arg = q};
	char state[20];
	if (q->count > 1)
		qsort_r(q->rows, q->count, sizeof *q->rows, compare, &q->query);
	snprintf(state, sizeof state, "%016" PRIx64, state_of(q));
	jmap_query_end(c, &q->query, &results, view_from_string(state), false);
}

static void queried(struct jmap_call *c, unsigned type, const void *answer)
{
	struct querying *q = jmap_data(c);
	const struct mail_done *done = answer;
	if (type == HISTORY_ROWS) {
		struct cursor in = cursor_on(((const struct history_rows *)answer)->rows);
		struct history_row row;
		while (history_row_get(&in, &row))
			keep(q, &row);
	}
	if (type != MAIL_DONE)
		return;
	if (done->error)
		jmap_error_of(c, done->error, "the deleted emails");
	else if (q->too_many)
		jmap_error(c, "requestTooLarge", "too many were deleted: name a mailbox, or a time");
	else
		found(c, q);
}

static void run_query(struct jmap_call *c)
{
	static const char *const sorts[] = {"deletedAt", "receivedAt", "size", NULL};
	struct querying *q = jmap_call_data(c, sizeof *q, release_query);
	q->call = c;
	if (!jmap_query_begin(c, &q->query, sorts, NULL) ||
	    (q->query.filter && !jmap_filter_each(q->query.filter, check_condition, c)))
		return;
	jmap_ask(c, HISTORY_LIST, &(struct history_list){0}, queried);
}

/* ---- DeletedEmail/restore ---- */

struct restoring {
	json_t *wanted; /* the argument */
	struct buf ids;
	size_t *index, count; /* which of wanted each is */
	size_t told;          /* of them */
	json_t *restored, *failed;
};

static void release_restore(void *data)
{
	struct restoring *r = data;
	buf_done(&r->ids);
	json_decref(r->restored);
	json_decref(r->failed);
}

static void fail_one(struct restoring *r, const char *id, const char *type, const char *description)
{
	json_object_set_new(r->failed, id, json_pack("{s:s, s:s}", "type", type, "description", description));
}

static void tell_one(struct jmap_call *c, struct restoring *r, const char *id, uint64_t email, int error)
{
	char text[MAIL_ID_MAX + 1];
	switch (error) {
	case 0:
		text[mail_id_write(text, MAIL_ID_EMAIL, jmap_account(c)->number, email)] = '\0';
		json_object_set_new(r->restored, id, json_pack("{s:s}", "emailId", text));
		return;
	case ENOENT:
		fail_one(r, id, "notFound", "it is not kept any more, or was brought back");
		return;
	case ENXIO:
		fail_one(r, id, "invalidProperties", "there is no such mailbox");
		return;
	case EDQUOT:
		fail_one(r, id, "overQuota", "the account has no room for it");
		return;
	default:
		fail_one(r, id, jmap_set_error_type(-error), "it could not be brought back");
	}
}

static const char *wanted_id(const struct restoring *r, size_t i)
{
	return json_string_value(json_array_get(r->wanted, r->index[i]));
}

/* Store tells them in the order of the question. */
static void take_restored(struct jmap_call *c, struct restoring *r, struct view entries)
{
	struct cursor in = cursor_on(entries);
	while (in.rest.len >= 20) {
		uint64_t old = cursor_u64(&in), email = cursor_u64(&in);
		int error = (int)cursor_u32(&in);
		for (bool same = false; r->told < r->count && !same; r->told++) {
			struct cursor id = cursor_on(view_skip(buf_view(&r->ids), r->told * HISTORY_ID_SIZE));
			same = cursor_u64(&id) == old;
			if (same)
				tell_one(c, r, wanted_id(r, r->told), email, error);
		}
	}
}

static void put_map(struct json_out *w, const char *name, const json_t *map)
{
	json_out_name(w, view_from_string(name));
	if (json_object_size(map) == 0)
		json_out_null(w);
	else
		jmap_put_json(w, map);
}

static void restored(struct jmap_call *c, unsigned type, const void *answer)
{
	struct restoring *r = jmap_data(c);
	const struct mail_done *done = answer;
	if (type == HISTORY_RESTORED)
		take_restored(c, r, ((const struct history_restored *)answer)->entries);
	if (type != MAIL_DONE)
		return;
	if (done->error && json_object_size(r->restored) == 0) {
		jmap_error_of(c, done->error, "the deleted emails");
		return;
	}
	/* What was not told is unknown: some of it may have come back. */
	for (; r->told < r->count; r->told++)
		fail_one(r, wanted_id(r, r->told), "serverFail", "it was not reached; try again");
	struct json_out *w = jmap_respond(c);
	put_map(w, "restored", r->restored);
	put_map(w, "notRestored", r->failed);
	jmap_end(c);
}

static bool take_wanted(struct jmap_call *c, struct restoring *r)
{
	struct mail_id id;
	json_t *item;
	size_t i;
	if (!jmap_take_array(c, jmap_arguments(c), "ids", &r->wanted))
		return false;
	if (r->wanted == NULL || json_array_size(r->wanted) > JMAP_OBJECTS_SET_MAX) {
		jmap_error(c, r->wanted ? "requestTooLarge" : "invalidArguments",
		    r->wanted ? "\"ids\" names more than maxObjectsInSet" : "\"ids\" is missing");
		return false;
	}
	r->index = arena_array(jmap_arena(c), json_array_size(r->wanted) + 1, sizeof *r->index);
	json_array_foreach(r->wanted, i, item)
	{
		if (r->index == NULL || !json_is_string(item)) {
			jmap_error(c, "invalidArguments", "\"ids\" holds something else than ids");
			return false;
		}
		if (!id_read(c, jmap_string(item), &id)) {
			fail_one(r, json_string_value(item), "notFound", "there is no such deleted email");
			continue;
		}
		r->index[r->count++] = i;
		buf_append_u64(&r->ids, id.number);
		buf_append_u64(&r->ids, id.part);
	}
	if (buf_failed(&r->ids))
		jmap_error_of(c, -ENOMEM, "the list");
	return !buf_failed(&r->ids);
}

static void run_restore(struct jmap_call *c)
{
	struct restoring *r = jmap_call_data(c, sizeof *r, release_restore);
	struct history_restore question = {.mailbox = 0};
	struct view mailbox = {0};
	uint64_t account;
	buf_init(&r->ids, HISTORY_IDS_MAX * HISTORY_ID_SIZE);
	r->restored = json_object();
	r->failed = json_object();
	if (r->restored == NULL || r->failed == NULL) {
		jmap_error_of(c, -ENOMEM, "the list");
		return;
	}
	if (!jmap_arguments_known(c, "ids", "mailboxId", NULL) ||
	    !jmap_take_string(c, jmap_arguments(c), "mailboxId", &mailbox) || !take_wanted(c, r))
		return;
	mailbox = jmap_creation(c, mailbox);
	if (mailbox.len > 0 && (!mail_id_read(mailbox, MAIL_ID_MAILBOX, &account, &question.mailbox) ||
	                           account != jmap_account(c)->number || question.mailbox == 0)) {
		jmap_error(c, "invalidArguments", "\"mailboxId\": there is no such mailbox");
		return;
	}
	question.ids = buf_view(&r->ids);
	jmap_ask(c, HISTORY_RESTORE, &question, restored);
}

/* ---- DeletedMailbox/get ---- */

static const char *const mailbox_names[] = {"id", "path", "role", "expiresAt", NULL};
enum { BOX_PATH = 1 << 1, BOX_ROLE = 1 << 2, BOX_EXPIRES = 1 << 3, BOX_ALL = 0xf };

struct mailboxes {
	struct jmap_get get;
	bool *told;
};

static void put_mailbox(struct jmap_call *c, uint64_t properties, const struct history_mailbox *m)
{
	struct json_out *w = jmap_respond(c);
	json_out_object(w);
	json_out_name(w, VIEW("id"));
	jmap_put_id(w, MAIL_ID_MAILBOX, jmap_account(c)->number, m->mailbox);
	if (properties & BOX_PATH) {
		json_out_name(w, VIEW("path"));
		json_out_string(w, m->path);
	}
	if (properties & BOX_ROLE) {
		json_out_name(w, VIEW("role"));
		if (jmap_mailbox_role(m->role))
			json_out_string(w, view_from_string(jmap_mailbox_role(m->role)));
		else
			json_out_null(w);
	}
	if (properties & BOX_EXPIRES)
		put_time(w, "expiresAt", (int64_t)m->until);
	json_out_end(w);
}

static void take_mailbox(struct jmap_call *c, struct mailboxes *x, const struct history_mailbox *m)
{
	uint64_t account, number;
	bool wanted = x->get.all;
	for (size_t i = 0; i < x->get.count && !x->get.all; i++)
		if (mail_id_read(x->get.ids[i], MAIL_ID_MAILBOX, &account, &number) &&
		    account == jmap_account(c)->number && number == m->mailbox)
			wanted = x->told[i] = true;
	if (wanted)
		put_mailbox(c, x->get.properties, m);
}

static void got_mailboxes(struct jmap_call *c, unsigned type, const void *answer)
{
	struct mailboxes *x = jmap_data(c);
	const struct mail_done *done = answer;
	if (type == HISTORY_MAILBOX)
		take_mailbox(c, x, answer);
	if (type != MAIL_DONE)
		return;
	if (done->error) {
		jmap_error_of(c, done->error, "the removed mailboxes");
		return;
	}
	for (size_t i = 0; i < x->get.count; i++)
		if (!x->told[i])
			jmap_get_missing(c, x->get.ids[i]);
	jmap_get_end_without_state(c);
}

static void run_get_mailboxes(struct jmap_call *c)
{
	struct mailboxes *x = jmap_call_data(c, sizeof *x, NULL);
	if (!jmap_get_begin(c, &x->get, mailbox_names, BOX_ALL, NULL, NULL))
		return;
	x->told = arena_array(jmap_arena(c), x->get.count + 1, sizeof *x->told);
	if (x->told == NULL) {
		jmap_error_of(c, -ENOMEM, "the removed mailboxes");
		return;
	}
	memset(x->told, 0, (x->get.count + 1) * sizeof *x->told);
	jmap_get_list(c);
	jmap_ask(c, HISTORY_MAILBOXES, &(struct history_mailboxes){0}, got_mailboxes);
}

const struct jmap_method jmap_methods_history[] = {
    {"DeletedEmail/get", JMAP_HISTORY, JMAP_NEEDS_ACCOUNT | JMAP_OWN_ONLY, run_get},
    {"DeletedEmail/query", JMAP_HISTORY, JMAP_NEEDS_ACCOUNT | JMAP_OWN_ONLY, run_query},
    {"DeletedEmail/restore", JMAP_HISTORY, JMAP_NEEDS_ACCOUNT | JMAP_OWN_ONLY | JMAP_WRITES, run_restore},
    {"DeletedMailbox/get", JMAP_HISTORY, JMAP_NEEDS_ACCOUNT | JMAP_OWN_ONLY, run_get_mailboxes},
    {0},
};
