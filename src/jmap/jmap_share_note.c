/* ShareNotifications (RFC 9670 section 3): what one was told of sharing. There are few of them: each call
 * looks at all. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "jmap/jmap_numbered.h"
#include "jmap/jmap_rights.h"
#include "jmap/jmap_sharing.h"
#include "mail/sharing.h"

static const char *const names[] = {"id", "created", "changedBy", "objectType", "objectAccountId", "objectId",
    "oldRights", "newRights", "name", NULL};
enum {
	HAS_CREATED = 1 << 1,
	HAS_BY = 1 << 2,
	HAS_TYPE = 1 << 3,
	HAS_ACCOUNT = 1 << 4,
	HAS_OBJECT = 1 << 5,
	HAS_OLD = 1 << 6,
	HAS_NEW = 1 << 7,
	HAS_NAME = 1 << 8,
	HAS_ALL = 0x1ff
};

struct notes {
	struct jmap_get get;
	struct jmap_changes changes;
	struct jmap_numbered_changes changed;
	struct jmap_query query;
	struct jmap_query_changes query_changes;
	struct sharing_note list[SHARING_NOTES_MAX]; /* ascending by number; texts are in the arena */
	size_t count;
	bool failed;
	uint64_t state;
	size_t found[SHARING_NOTES_MAX], found_count; /* of a query, in order */
	struct view key;                              /* of the one that is destroyed */
	void (*ready)(struct jmap_call *c, struct notes *x);
};

/* ---- the list ---- */

static void listed(struct jmap_call *c, unsigned type, const void *answer)
{
	struct notes *x = jmap_data(c);
	const struct mail_done *done = answer;
	if (type == SHARING_NOTE && x->count < SHARING_NOTES_MAX) {
		struct sharing_note *to = &x->list[x->count];
		*to = *(const struct sharing_note *)answer;
		x->failed = x->failed || !arena_copy(jmap_arena(c), to->by_address, &to->by_address) ||
		            !arena_copy(jmap_arena(c), to->path, &to->path);
		x->count++;
	}
	if (type != MAIL_DONE)
		return;
	x->state = done->modseq;
	if (done->error || x->failed)
		jmap_error_of(c, done->error ? done->error : -ENOMEM, "what was shared");
	else
		x->ready(c, x);
}

static void look(struct jmap_call *c, void (*ready)(struct jmap_call *c, struct notes *x))
{
	struct notes *x = jmap_data(c);
	x->ready = ready;
	x->count = 0;
	jmap_ask(c, SHARING_NOTES, &(struct sharing_notes){.unused = 0}, listed);
}

static struct notes *begin(struct jmap_call *c)
{
	return jmap_call_data(c, sizeof(struct notes), NULL);
}

/* ---- ShareNotification/get ---- */

/* Who did it; an administrator has no address that others should know. */
static void put_by(struct json_out *w, const struct sharing_note *n)
{
	char id[MAIL_ID_MAX];
	json_out_name(w, VIEW("changedBy"));
	json_out_object(w);
	json_out_name(w, VIEW("name"));
	json_out_string(w, n->by_address.len ? n->by_address : VIEW("an administrator"));
	jmap_put_text(w, "email", n->by_address);
	jmap_put_text(
	    w, "principalId", n->by ? view_of(id, jmap_principal_write(id, n->by)) : (struct view){0});
	json_out_end(w);
}

static void put_rights(struct json_out *w, const char *name, const struct sharing_note *n, uint64_t rights)
{
	json_out_name(w, view_from_string(name));
	if (rights)
		jmap_put_rights(
		    w, rights, JMAP_RIGHTS_SHARE | (n->mailbox == MAILBOX_INBOX ? JMAP_RIGHTS_INBOX : 0U));
	else
		json_out_null(w);
}

static void put_note(struct jmap_call *c, uint64_t properties, const struct sharing_note *n)
{
	struct json_out *w = jmap_respond(c);
	char id[MAIL_ID_MAX];
	json_out_object(w);
	json_out_name(w, VIEW("id"));
	jmap_put_id(w, MAIL_ID_SHARE_NOTE, jmap_account(c)->number, n->number);
	if (properties & HAS_CREATED) {
		json_out_name(w, VIEW("created"));
		jmap_put_utc_date(w, (int64_t)n->created);
	}
	if (properties & HAS_BY)
		put_by(w, n);
	if (properties & HAS_TYPE) {
		json_out_name(w, VIEW("objectType"));
		json_out_string(w, VIEW("Mailbox"));
	}
	if (properties & HAS_ACCOUNT) {
		json_out_name(w, VIEW("objectAccountId"));
		json_out_string(w, view_of(id, mail_account_id_write(id, n->owner)));
	}
	if (properties & HAS_OBJECT) {
		json_out_name(w, VIEW("objectId"));
		jmap_put_id(w, MAIL_ID_MAILBOX, n->owner, n->mailbox);
	}
	if (properties & HAS_OLD)
		put_rights(w, "oldRights", n, n->old_rights);
	if (properties & HAS_NEW)
		put_rights(w, "newRights", n, n->new_rights);
	if (properties & HAS_NAME) {
		json_out_name(w, VIEW("name"));
		json_out_string(w, n->path);
	}
	json_out_end(w);
}

static const struct sharing_note *find(const struct notes *x, uint64_t number)
{
	for (size_t i = 0; i < x->count; i++)
		if (x->list[i].number == number)
			return &x->list[i];
	return NULL;
}

static void answer_get(struct jmap_call *c, struct notes *x)
{
	jmap_get_list(c);
	for (size_t i = 0; x->get.all && i < x->count; i++)
		put_note(c, x->get.properties, &x->list[i]);
	for (size_t i = 0; i < x->get.count; i++) {
		uint64_t number;
		const struct sharing_note *n =
		    jmap_numbered_read(c, x->get.ids[i], MAIL_ID_SHARE_NOTE, &number) ? find(x, number)
		                                                                      : NULL;
		if (n)
			put_note(c, x->get.properties, n);
		else
			jmap_get_missing(c, x->get.ids[i]);
	}
	jmap_get_end(c, (struct jmap_state){.modseq = x->state});
}

void jmap_share_note_get(struct jmap_call *c)
{
	struct notes *x = begin(c);
	if (jmap_get_begin(c, &x->get, names, HAS_ALL, NULL, NULL))
		look(c, answer_get);
}

/* ---- ShareNotification/changes ---- */

static void changed(struct jmap_call *c, unsigned type, const void *answer)
{
	struct notes *x = jmap_data(c);
	const struct mail_done *done = answer;
	if (type == SHARING_NOTES_CHANGED) {
		const struct sharing_notes_changed *m = answer;
		if (!arena_copy(jmap_arena(c), m->created, &x->changed.created) ||
		    !arena_copy(jmap_arena(c), m->destroyed, &x->changed.destroyed))
			jmap_error_of(c, -ENOMEM, "the list");
		return;
	}
	x->changed.letter = MAIL_ID_SHARE_NOTE;
	x->changed.state = done->modseq;
	if (done->error)
		jmap_error_of(c, done->error, "what was shared");
	else
		jmap_numbered_changes(c, &x->changes, &x->changed);
}

void jmap_share_note_changes(struct jmap_call *c)
{
	struct notes *x = begin(c);
	if (jmap_changes_begin(c, &x->changes))
		jmap_ask(c, SHARING_NOTES_CHANGES,
		    &(struct sharing_notes_changes){.since = x->changes.since.modseq}, changed);
}

/* ---- ShareNotification/set ---- */

static void state_known(struct jmap_call *c, struct notes *x)
{
	jmap_set_state(c, (struct jmap_state){.modseq = x->state});
}

static void ask_state(struct jmap_call *c)
{
	look(c, state_known);
}

/* RFC 9670 section 3.6: "Only destroy is supported". */
static void refuse(struct jmap_call *c, struct view key, json_t *object)
{
	(void)object;
	jmap_set_failed(c, key, "forbidden", NULL, "the server alone makes these, and none is changed");
	jmap_set_next(c);
}

static void destroyed(struct jmap_call *c, unsigned type, const void *answer)
{
	struct notes *x = jmap_data(c);
	const struct mail_done *done = answer;
	if (type != MAIL_DONE)
		return;
	if (done->error == -ENOENT)
		jmap_set_failed(c, x->key, "notFound", NULL, "there is no such ShareNotification");
	else if (done->error)
		jmap_set_failed(c, x->key, jmap_set_error_type(done->error), NULL, "it could not be removed");
	else
		jmap_set_destroyed(c, x->key);
	jmap_set_next(c);
}

static void destroy(struct jmap_call *c, struct view id)
{
	struct notes *x = jmap_data(c);
	struct sharing_note_remove m;
	x->key = id;
	if (jmap_numbered_read(c, id, MAIL_ID_SHARE_NOTE, &m.number)) {
		jmap_ask(c, SHARING_NOTE_REMOVE, &m, destroyed);
		return;
	}
	jmap_set_failed(c, id, "notFound", NULL, "there is no such ShareNotification");
	jmap_set_next(c);
}

void jmap_share_note_set(struct jmap_call *c)
{
	static const struct jmap_set set = {
	    .state = ask_state, .create = refuse, .update = refuse, .destroy = destroy};
	begin(c);
	jmap_set_run(c, &set);
}

/* ---- ShareNotification/query ---- */

static const char *const sorts[] = {"created", NULL};

static bool is_known(void *arg, const json_t *condition)
{
	const char *name;
	json_t *value;
	int64_t time;
	(void)arg;
	json_object_foreach((json_t *)(uintptr_t)condition, name, value)
	{
		struct view n = view_from_string(name);
		bool is_time = view_equal(n, VIEW("after")) || view_equal(n, VIEW("before"));
		bool is_text = view_equal(n, VIEW("objectType")) || view_equal(n, VIEW("objectAccountId"));
		if (!(is_time && jmap_date_read(jmap_string(value), &time, NULL)) &&
		    !(is_text && json_is_string(value)))
			return false;
	}
	return true;
}

static bool filter_is_known(struct jmap_call *c, const struct jmap_filter *filter)
{
	if (jmap_filter_each(filter, is_known, NULL))
		return true;
	jmap_error(
	    c, "unsupportedFilter", "a condition is none of a ShareNotification's, or has another type");
	return false;
}

static bool matches(void *arg, const json_t *condition)
{
	const struct sharing_note *n = arg;
	const json_t *type = json_object_get(condition, "objectType"),
	             *account = json_object_get(condition, "objectAccountId"),
	             *after = json_object_get(condition, "after"),
	             *before = json_object_get(condition, "before");
	char id[MAIL_ID_MAX];
	int64_t time = 0;
	if (after && jmap_date_read(jmap_string(after), &time, NULL) && (int64_t)n->created < time)
		return false;
	if (before && jmap_date_read(jmap_string(before), &time, NULL) && (int64_t)n->created >= time)
		return false;
	return (type == NULL || view_equal(jmap_string(type), VIEW("Mailbox"))) &&
	       (account == NULL ||
	           view_equal(jmap_string(account), view_of(id, mail_account_id_write(id, n->owner))));
}

static void put_found(struct jmap_call *c, struct json_out *w, size_t i, void *arg)
{
	const struct notes *x = arg;
	jmap_put_id(w, MAIL_ID_SHARE_NOTE, jmap_account(c)->number, x->list[x->found[i]].number);
}

static ptrdiff_t find_place(struct jmap_call *c, struct view id, void *arg)
{
	const struct notes *x = arg;
	uint64_t number;
	for (size_t i = 0; jmap_numbered_read(c, id, MAIL_ID_SHARE_NOTE, &number) && i < x->found_count; i++)
		if (x->list[x->found[i]].number == number)
			return (ptrdiff_t)i;
	return -1;
}

/* They come in the order of their making, which "created" is. */
static void answer_query(struct jmap_call *c, struct notes *x)
{
	char state[24];
	bool descending = x->query.sort_count && x->query.sort[0].descending;
	for (size_t i = 0; i < x->count; i++) {
		size_t at = descending ? x->count - 1 - i : i;
		if (jmap_filter_matches(x->query.filter, matches, &x->list[at]))
			x->found[x->found_count++] = at;
	}
	struct jmap_results results = {
	    .count = x->found_count, .put = put_found, .find = find_place, .arg = x};
	snprintf(state, sizeof state, "%llu", (unsigned long long)x->state);
	jmap_query_end(c, &x->query, &results, view_from_string(state), false);
}

void jmap_share_note_query(struct jmap_call *c)
{
	struct notes *x = begin(c);
	if (jmap_query_begin(c, &x->query, sorts, NULL) && filter_is_known(c, x->query.filter))
		look(c, answer_query);
}

/* So few are asked for anew. */
void jmap_share_note_query_changes(struct jmap_call *c)
{
	struct notes *x = begin(c);
	if (jmap_query_changes_begin(c, &x->query_changes, sorts, NULL) &&
	    filter_is_known(c, x->query_changes.query.filter))
		jmap_error(c, "cannotCalculateChanges", "ask for the ShareNotifications anew");
}
