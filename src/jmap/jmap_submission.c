/* Messages on their way out (RFC 8621 section 7): looking at them. jmap_submission_set.c sends. */
#include <errno.h>
#include <stdlib.h>

#include "jmap/jmap_numbered.h"
#include "jmap/jmap_submission.h"

static const char *const names[] = {"id", "identityId", "emailId", "threadId", "envelope", "sendAt",
    "undoStatus", "deliveryStatus", "dsnBlobIds", "mdnBlobIds", NULL};
enum {
	HAS_IDENTITY = 1 << 1,
	HAS_EMAIL = 1 << 2,
	HAS_THREAD = 1 << 3,
	HAS_ENVELOPE = 1 << 4,
	HAS_SEND_AT = 1 << 5,
	HAS_UNDO = 1 << 6,
	HAS_DELIVERY = 1 << 7,
	HAS_DSN = 1 << 8,
	HAS_MDN = 1 << 9,
	HAS_ALL = 0x3ff
};

/* ---- what one looks like ---- */

static void put_empty(struct json_out *w, const char *name)
{
	json_out_name(w, view_from_string(name));
	json_out_array(w);
	json_out_end(w);
}

static void put_id(struct jmap_call *c, const char *name, char letter, uint64_t number)
{
	struct json_out *w = jmap_respond(c);
	json_out_name(w, view_from_string(name));
	jmap_put_id(w, letter, jmap_account(c)->number, number);
}

static void put_submission(struct jmap_call *c, uint64_t properties, const struct submission_entry *s)
{
	struct json_out *w = jmap_respond(c);
	json_out_object(w);
	put_id(c, "id", MAIL_ID_SUBMISSION, s->number);
	if (properties & HAS_IDENTITY)
		put_id(c, "identityId", MAIL_ID_IDENTITY, s->identity);
	if (properties & HAS_EMAIL)
		put_id(c, "emailId", MAIL_ID_EMAIL, s->email);
	if (properties & HAS_THREAD)
		put_id(c, "threadId", MAIL_ID_THREAD, s->thread);
	if (properties & HAS_ENVELOPE)
		jmap_submission_put_envelope(w, s->sender, s->parameters, s->recipients);
	if (properties & HAS_SEND_AT) {
		json_out_name(w, VIEW("sendAt"));
		jmap_put_utc_date(w, (int64_t)s->send_at);
	}
	if (properties & HAS_UNDO) {
		json_out_name(w, VIEW("undoStatus"));
		json_out_string(w, view_from_string(jmap_submission_undo(s->undo)));
	}
	if (properties & HAS_DELIVERY)
		jmap_submission_put_delivery(w, s->recipients);
	if (properties & HAS_DSN)
		put_empty(w, "dsnBlobIds");
	if (properties & HAS_MDN)
		put_empty(w, "mdnBlobIds");
	json_out_end(w);
}

/* ---- EmailSubmission/get ---- */

struct getting {
	struct jmap_get get;
	struct view numbers;
	struct buf seen; /* 8 octets each */
};

static void release_getting(void *data)
{
	buf_done(&((struct getting *)data)->seen);
}

static void got(struct jmap_call *c, unsigned type, const void *answer)
{
	struct getting *g = jmap_data(c);
	uint64_t number;
	if (type == SUBMISSION_ENTRY) {
		const struct submission_entry *s = answer;
		put_submission(c, g->get.properties, s);
		buf_append_u64(&g->seen, s->number);
		return;
	}
	const struct mail_done *done = answer;
	if (done->error) {
		jmap_error_of(c, done->error, "the submissions");
		return;
	}
	for (size_t i = 0; i < g->get.count; i++)
		if (jmap_numbered_read(c, g->get.ids[i], MAIL_ID_SUBMISSION, &number) &&
		    !jmap_numbered_has(buf_view(&g->seen), number))
			jmap_get_missing(c, g->get.ids[i]);
	jmap_get_end(c, (struct jmap_state){.modseq = done->modseq});
}

static void run_get(struct jmap_call *c)
{
	struct getting *g = jmap_call_data(c, sizeof *g, release_getting);
	buf_init(&g->seen, SUBMISSION_NUMBERS_MAX);
	if (!jmap_get_begin(c, &g->get, names, HAS_ALL, NULL, NULL) ||
	    !jmap_numbered_list(c, &g->get, MAIL_ID_SUBMISSION, &g->numbers))
		return;
	if (g->numbers.len > SUBMISSION_NUMBERS_MAX) {
		jmap_error(
		    c, "requestTooLarge", "an account has at most %d submissions", SUBMISSION_COUNT_MAX);
		return;
	}
	jmap_get_list(c);
	/* Of ids that are none only the state is asked: there is no submission of the number 0. */
	struct submission_get ask = {
	    .without_recipients = !(g->get.properties & (HAS_ENVELOPE | HAS_DELIVERY)),
	    .numbers = g->get.all || g->numbers.len ? g->numbers : VIEW("\0\0\0\0\0\0\0\0")};
	jmap_ask(c, SUBMISSION_GET, &ask, got);
}

/* ---- EmailSubmission/changes ---- */

struct changing {
	struct jmap_changes asked;
	struct jmap_numbered_changes changes;
};

static bool take_changed(
    struct jmap_call *c, const struct submission_changed *m, struct jmap_numbered_changes *changes)
{
	if (arena_copy(jmap_arena(c), m->created, &changes->created) &&
	    arena_copy(jmap_arena(c), m->updated, &changes->updated) &&
	    arena_copy(jmap_arena(c), m->destroyed, &changes->destroyed))
		return true;
	jmap_error_of(c, -ENOMEM, "the list");
	return false;
}

static void changed(struct jmap_call *c, unsigned type, const void *answer)
{
	struct changing *x = jmap_data(c);
	const struct mail_done *done = answer;
	if (type == SUBMISSION_CHANGED) {
		take_changed(c, answer, &x->changes);
		return;
	}
	x->changes.state = done->modseq;
	if (done->error)
		jmap_error_of(c, done->error, "the submissions");
	else
		jmap_numbered_changes(c, &x->asked, &x->changes);
}

static void run_changes(struct jmap_call *c)
{
	struct changing *x = jmap_call_data(c, sizeof *x, NULL);
	if (!jmap_changes_begin(c, &x->asked))
		return;
	x->changes.letter = MAIL_ID_SUBMISSION;
	struct submission_changes ask = {.since = x->asked.since.modseq};
	jmap_ask(c, SUBMISSION_CHANGES, &ask, changed);
}

/* ---- EmailSubmission/query ---- */

/* What filters and sorts look at. */
struct row {
	uint64_t number, identity, email, thread, undo;
	int64_t send_at;
};

struct querying {
	struct jmap_query query;
	struct jmap_query_changes asked; /* of queryChanges */
	struct jmap_numbered_changes changes;
	struct jmap_call *call;
	struct row *rows;
	size_t count;
	uint64_t state;
};

static const char *const sorts[] = {"emailId", "threadId", "sentAt", NULL};

enum { LISTED_MAX = 1000 /* ids in a filter: each submission is compared with each of them */ };

static bool is_list_of_ids(const json_t *value, size_t *listed)
{
	const json_t *id;
	size_t i;
	json_array_foreach((json_t *)(uintptr_t)value, i, id)
	{
		if (!json_is_string(id))
			return false;
	}
	*listed += json_array_size(value);
	return json_is_array(value) && *listed <= LISTED_MAX;
}

static bool is_date(const json_t *value)
{
	int64_t seconds;
	return jmap_date_read(jmap_string(value), &seconds, NULL);
}

static bool is_known(void *arg, const json_t *condition)
{
	const char *name;
	json_t *value;
	json_object_foreach((json_t *)(uintptr_t)condition, name, value)
	{
		struct view n = view_from_string(name);
		bool good = view_equal(n, VIEW("identityIds")) || view_equal(n, VIEW("emailIds")) ||
		                    view_equal(n, VIEW("threadIds"))
		                ? is_list_of_ids(value, arg)
		            : view_equal(n, VIEW("undoStatus")) ? json_is_string(value)
		            : view_equal(n, VIEW("before")) || view_equal(n, VIEW("after")) ? is_date(value)
		                                                                            : false;
		if (!good)
			return false;
	}
	return true;
}

struct judged {
	const struct querying *q;
	const struct row *row;
};

/* No list: no condition. */
static bool is_listed(struct jmap_call *c, const json_t *list, char letter, uint64_t number)
{
	uint64_t listed;
	const json_t *id;
	size_t i;
	if (list == NULL)
		return true;
	json_array_foreach((json_t *)(uintptr_t)list, i, id)
	{
		if (jmap_numbered_read(c, jmap_creation(c, jmap_string(id)), letter, &listed) &&
		    listed == number)
			return true;
	}
	return false;
}

static bool matches(void *arg, const json_t *condition)
{
	const struct judged *j = arg;
	const struct row *r = j->row;
	struct jmap_call *c = j->q->call;
	const json_t *undo = json_object_get(condition, "undoStatus");
	int64_t before = INT64_MAX, after = INT64_MIN;
	jmap_date_read(jmap_string(json_object_get(condition, "before")), &before, NULL);
	jmap_date_read(jmap_string(json_object_get(condition, "after")), &after, NULL);
	return is_listed(c, json_object_get(condition, "identityIds"), MAIL_ID_IDENTITY, r->identity) &&
	       is_listed(c, json_object_get(condition, "emailIds"), MAIL_ID_EMAIL, r->email) &&
	       is_listed(c, json_object_get(condition, "threadIds"), MAIL_ID_THREAD, r->thread) &&
	       (undo == NULL ||
	           view_equal(jmap_string(undo), view_from_string(jmap_submission_undo(r->undo)))) &&
	       r->send_at < before && r->send_at >= after;
}

static int compare(const void *a, const void *b, void *arg)
{
	const struct row *x = a, *y = b;
	const struct querying *q = arg;
	for (size_t i = 0; i < q->query.sort_count; i++) {
		struct view by = q->query.sort[i].property;
		uint64_t m = view_equal(by, VIEW("emailId"))    ? x->email
		             : view_equal(by, VIEW("threadId")) ? x->thread
		                                                : (uint64_t)x->send_at,
		         n = view_equal(by, VIEW("emailId"))    ? y->email
		             : view_equal(by, VIEW("threadId")) ? y->thread
		                                                : (uint64_t)y->send_at;
		if (m != n)
			return (m < n) != q->query.sort[i].descending ? -1 : 1;
	}
	return x->number < y->number ? -1 : x->number > y->number;
}

static void add_row(struct querying *q, const struct submission_entry *s)
{
	struct row row = {.number = s->number,
	    .identity = s->identity,
	    .email = s->email,
	    .thread = s->thread,
	    .undo = s->undo,
	    .send_at = (int64_t)s->send_at};
	struct judged j = {q, &row};
	if (q->count < SUBMISSION_COUNT_MAX && jmap_filter_matches(q->query.filter, matches, &j))
		q->rows[q->count++] = row;
}

static void sort_rows(struct querying *q)
{
	qsort_r(q->rows, q->count, sizeof *q->rows, compare, q);
}

static bool begin_query(struct jmap_call *c, struct querying *q)
{
	size_t listed = 0;
	q->call = c;
	if (!jmap_filter_each(q->query.filter, is_known, &listed)) {
		jmap_error(
		    c, "unsupportedFilter", "a condition is none of EmailSubmission's, or has a wrong value");
		return false;
	}
	q->rows = arena_array(jmap_arena(c), SUBMISSION_COUNT_MAX, sizeof *q->rows);
	if (q->rows == NULL)
		jmap_error_of(c, -ENOMEM, "the list");
	return q->rows != NULL;
}

static void put_row(struct jmap_call *c, struct json_out *w, size_t i, void *arg)
{
	jmap_put_id(w, MAIL_ID_SUBMISSION, jmap_account(c)->number, ((struct querying *)arg)->rows[i].number);
}

static ptrdiff_t find_row(struct jmap_call *c, struct view id, void *arg)
{
	const struct querying *q = arg;
	uint64_t number;
	for (size_t i = 0; jmap_numbered_read(c, id, MAIL_ID_SUBMISSION, &number) && i < q->count; i++)
		if (q->rows[i].number == number)
			return (ptrdiff_t)i;
	return -1;
}

static struct view state_text(struct jmap_call *c, uint64_t modseq)
{
	struct buf text;
	struct view copy = {0};
	buf_init(&text, 32);
	buf_printf(&text, "%llu", (unsigned long long)modseq);
	if (!arena_copy(jmap_arena(c), buf_view(&text), &copy))
		copy = (struct view){0};
	buf_done(&text);
	return copy;
}

static void queried(struct jmap_call *c, unsigned type, const void *answer)
{
	struct querying *q = jmap_data(c);
	if (type == SUBMISSION_ENTRY) {
		add_row(q, answer);
		return;
	}
	const struct mail_done *done = answer;
	if (done->error) {
		jmap_error_of(c, done->error, "the submissions");
		return;
	}
	sort_rows(q);
	struct jmap_results results = {.count = q->count, .put = put_row, .find = find_row, .arg = q};
	jmap_query_end(c, &q->query, &results, state_text(c, done->modseq), true);
}

static void run_query(struct jmap_call *c)
{
	struct querying *q = jmap_call_data(c, sizeof *q, NULL);
	struct submission_get ask = {.without_recipients = 1};
	if (jmap_query_begin(c, &q->query, sorts, NULL) && begin_query(c, q))
		jmap_ask(c, SUBMISSION_GET, &ask, queried);
}

/* ---- EmailSubmission/queryChanges ---- */

static void put_removed(struct jmap_call *c, const struct querying *q)
{
	struct json_out *w = jmap_respond(c);
	const struct view lists[] = {q->changes.destroyed, q->changes.updated};
	json_out_name(w, VIEW("removed"));
	json_out_array(w);
	for (size_t i = 0; i < 2; i++) {
		struct cursor in = cursor_on(lists[i]);
		while (!cursor_at_end(&in) && cursor_ok(&in))
			jmap_put_id(w, MAIL_ID_SUBMISSION, jmap_account(c)->number, cursor_u64(&in));
	}
	json_out_end(w);
}

/* undoStatus may have changed, and with it who is among the results: what changed is removed, and put in anew
 * where it stands now (RFC 8620 section 5.6 allows to remove what was not there). */
static void put_query_changes(struct jmap_call *c, struct querying *q)
{
	struct json_out *w = jmap_respond(c);
	json_out_name(w, VIEW("oldQueryState"));
	json_out_string(w, q->asked.since);
	json_out_name(w, VIEW("newQueryState"));
	json_out_string(w, state_text(c, q->state));
	if (q->asked.query.calculate_total) {
		json_out_name(w, VIEW("total"));
		json_out_unsigned(w, q->count);
	}
	put_removed(c, q);
	json_out_name(w, VIEW("added"));
	json_out_array(w);
	for (size_t i = 0; i < q->count; i++) {
		if (!jmap_numbered_has(q->changes.created, q->rows[i].number) &&
		    !jmap_numbered_has(q->changes.updated, q->rows[i].number))
			continue;
		json_out_object(w);
		put_id(c, "id", MAIL_ID_SUBMISSION, q->rows[i].number);
		json_out_name(w, VIEW("index"));
		json_out_unsigned(w, i);
		json_out_end(w);
	}
	json_out_end(w);
	jmap_end(c);
}

static void query_changed(struct jmap_call *c, unsigned type, const void *answer)
{
	struct querying *q = jmap_data(c);
	const struct mail_done *done = answer;
	if (type == SUBMISSION_CHANGED) {
		take_changed(c, answer, &q->changes);
	} else if (type == SUBMISSION_ENTRY) {
		add_row(q, answer);
	} else if (done->error) {
		jmap_error_of(c, done->error, "the submissions");
	} else if (q->changes.state == 0) {
		/* That was the end of the changes; the submissions come next, which may be of a later state.
		 */
		q->changes.state = 1;
		q->state = done->modseq;
	} else {
		uint64_t count =
		    (q->changes.created.len + 2 * q->changes.updated.len + q->changes.destroyed.len) / 8;
		sort_rows(q);
		if (q->asked.max && count > q->asked.max)
			jmap_error(c, "tooManyChanges", "there are more changes than \"maxChanges\"");
		else
			put_query_changes(c, q);
	}
}

static void run_query_changes(struct jmap_call *c)
{
	struct querying *q = jmap_call_data(c, sizeof *q, NULL);
	struct jmap_state since;
	if (!jmap_query_changes_begin(c, &q->asked, sorts, NULL))
		return;
	q->query = q->asked.query;
	if (!begin_query(c, q))
		return;
	if (!jmap_state_read(q->asked.since, &since)) {
		jmap_error(c, "cannotCalculateChanges", "\"sinceQueryState\" is no state of this query");
		return;
	}
	struct submission_changes changes = {.since = since.modseq};
	struct submission_get get = {.without_recipients = 1};
	jmap_ask(c, SUBMISSION_CHANGES, &changes, query_changed);
	jmap_ask(c, SUBMISSION_GET, &get, query_changed);
}

const struct jmap_method jmap_methods_submission[] = {
    {"EmailSubmission/get", JMAP_SUBMISSION, JMAP_NEEDS_ACCOUNT | JMAP_OWN_ONLY, run_get},
    {"EmailSubmission/changes", JMAP_SUBMISSION, JMAP_NEEDS_ACCOUNT | JMAP_OWN_ONLY, run_changes},
    {"EmailSubmission/query", JMAP_SUBMISSION, JMAP_NEEDS_ACCOUNT | JMAP_OWN_ONLY, run_query},
    {"EmailSubmission/queryChanges", JMAP_SUBMISSION, JMAP_NEEDS_ACCOUNT | JMAP_OWN_ONLY, run_query_changes},
    {"EmailSubmission/set", JMAP_SUBMISSION, JMAP_NEEDS_ACCOUNT | JMAP_OWN_ONLY | JMAP_WRITES,
        jmap_submission_set},
    {0},
};
