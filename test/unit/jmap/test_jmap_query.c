/*
 * Email/query and Email/queryChanges beside a model: filters, sorts, texts that the index knows, may know or
 * does not, threads that collapse, windows; and a client that keeps the results up to date by what changed
 * alone.
 */
#include "jmap_fake.h"

#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "base/cursor.h"
#include "mail/email_wire.h"
#include "mail/uid_ranges.h"
#include "mime/digest.h"

enum { EMAILS = 40, MAILBOXES = 3, QUESTIONS = 16 };

static const char *const words[] = {"apple", "pear", "plum", "melon"};

struct email {
	uint32_t mailboxes; /* bits */
	uint64_t flags, thread, modseq, created, gone;
	int64_t received;
	unsigned subject, body, from; /* words */
	bool large;                   /* its body comes in pieces */
};

struct question {
	uint32_t number;
	unsigned type;
	uint64_t since, want;
	struct buf list;
};

static struct world {
	struct jmap_fake fake;
	struct email emails[EMAILS];
	uint64_t modseq;
	struct question questions[QUESTIONS];
	size_t asked;
} w;

static unsigned seed;

static unsigned draw(unsigned n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % n;
}

/* ---- the account ---- */

static bool note(struct jmap_fake *f, uint32_t number, unsigned type, const void *question)
{
	(void)f;
	if (type == MAIL_MAILBOXES)
		return false;
	assert_true(w.asked < QUESTIONS);
	struct question *q = &w.questions[w.asked++];
	q->number = number;
	q->type = type;
	buf_clear(&q->list);
	if (type == EMAIL_TABLE) {
		q->since = ((const struct email_table_question *)question)->since;
	} else if (type == EMAIL_GET) {
		q->want = ((const struct email_get *)question)->want;
		buf_append(&q->list, ((const struct email_get *)question)->ids);
	} else if (type == EMAIL_FIND) {
		q->want = ((const struct email_find *)question)->field;
		buf_append(&q->list, ((const struct email_find *)question)->text);
	} else if (type == EMAIL_READ) {
		buf_append(&q->list, ((const struct email_read *)question)->parts);
	} else if (type == EMAIL_CHANGES) {
		q->since = ((const struct email_changes *)question)->since;
	}
	return true;
}

static void put_row(struct buf *rows, unsigned i, unsigned mailbox)
{
	const struct email *e = &w.emails[i];
	struct email_row row = {.id = i + 1,
	    .thread = e->thread,
	    .mailbox = mailbox + 1,
	    .flags = e->flags,
	    .size = 1000 - i * 7 % 13,
	    .received = e->received,
	    .order = {.known = true, .dated = true, .sent = e->received}};
	assert_true(email_row_put(rows, &row));
}

static void answer_table(const struct question *q)
{
	struct buf ids, rows;
	buf_init(&ids, 10000);
	buf_init(&rows, 100000);
	for (unsigned i = 0; i < EMAILS && q->since; i++)
		if (w.emails[i].modseq > q->since && w.emails[i].created && w.emails[i].created <= q->since)
			buf_append_u64(&ids, i + 1);
	for (unsigned mailbox = 0; mailbox < MAILBOXES; mailbox++)
		for (unsigned i = 0; i < EMAILS; i++)
			if ((q->since == 0 || w.emails[i].modseq > q->since) &&
			    w.emails[i].mailboxes >> mailbox & 1)
				put_row(&rows, i, mailbox);
	struct email_forget forget = {.ids = buf_view(&ids)};
	struct email_rows answer = {.rows = buf_view(&rows)};
	jmap_session_answer(w.fake.session, q->number, EMAIL_FORGET, &forget);
	jmap_session_answer(w.fake.session, q->number, EMAIL_ROWS, &answer);
	struct mail_done done = {.modseq = w.modseq, .number = q->since == 0};
	jmap_session_answer(w.fake.session, q->number, MAIL_DONE, &done);
	buf_done(&ids);
	buf_done(&rows);
}

static void make_text(unsigned i, struct buf *text)
{
	const struct email *e = &w.emails[i];
	buf_printf(text, "Subject: %s\r\nFrom: %s <x@y>\r\n\r\nAbout %ss.\r\n", words[e->subject],
	    words[e->from], words[e->body]);
}

static void answer_get(const struct question *q)
{
	struct buf entries, text;
	buf_init(&entries, 1 << 20);
	buf_init(&text, 1000);
	for (struct cursor in = cursor_on(buf_view(&q->list)); !cursor_at_end(&in);) {
		unsigned i = (unsigned)cursor_u64(&in) - 1;
		struct message_digest d;
		struct mime_digest *digest = mime_digest_new();
		buf_clear(&text);
		make_text(i, &text);
		mime_digest_feed(digest, buf_view(&text));
		mime_digest_end(digest, &d);
		struct email_entry e = {.mailbox_count = 1, .mailboxes = {1}};
		e.message.emailid = i + 1;
		e.message.summary = d.summary;
		e.message.header = view_take(
		    buf_view(&text), text.len - strlen("About s.\r\n") - strlen(words[w.emails[i].body]));
		e.message.has_body = !w.emails[i].large;
		e.message.body = w.emails[i].large ? (struct view){0} : buf_view(&text);
		if (w.emails[i].mailboxes)
			assert_true(email_entry_put(&entries, q->want, &e));
		mime_digest_free(digest);
	}
	struct email_entries answer = {.entries = buf_view(&entries)};
	jmap_session_answer(w.fake.session, q->number, EMAIL_ENTRIES, &answer);
	jmap_session_answer(w.fake.session, q->number, MAIL_DONE, &(struct mail_done){0});
	buf_done(&entries);
	buf_done(&text);
}

static void answer_read(const struct question *q)
{
	struct cursor in = cursor_on(buf_view(&q->list));
	struct buf text;
	buf_init(&text, 1000);
	make_text((unsigned)cursor_u64(&in) - 1, &text);
	struct mail_data data = {.bytes = buf_view(&text), .last = 1};
	jmap_session_answer(w.fake.session, q->number, MAIL_DATA, &data);
	jmap_session_answer(w.fake.session, q->number, MAIL_DONE, &(struct mail_done){0});
	buf_done(&text);
}

static bool has_word(unsigned i, enum mail_field field, unsigned word)
{
	const struct email *e = &w.emails[i];
	return ((field == MAIL_FIELD_ANY || field == MAIL_FIELD_SUBJECT) && e->subject == word) ||
	       (field == MAIL_FIELD_ANY && e->from == word) ||
	       ((field == MAIL_FIELD_ANY || field == MAIL_FIELD_BODY) && e->body == word);
}

/* The index is sure of some, and leaves others to be read, right or wrong. */
static void answer_find(const struct question *q)
{
	struct buf sure, maybe;
	unsigned word = 0;
	while (!view_equal_nocase(view_from_string(words[word]), buf_view(&q->list)))
		word++;
	buf_init(&sure, 10000);
	buf_init(&maybe, 10000);
	for (unsigned i = 0; i < EMAILS; i++) {
		bool has = has_word(i, (enum mail_field)q->want, word);
		if (has ? draw(2) : !draw(3))
			uid_ranges_add(&maybe, i + 1, i + 1);
		else if (has)
			uid_ranges_add(&sure, i + 1, i + 1);
	}
	struct mail_found found = {.sure = buf_view(&sure), .maybe = buf_view(&maybe)};
	jmap_session_answer(w.fake.session, q->number, MAIL_FOUND, &found);
	jmap_session_answer(w.fake.session, q->number, MAIL_DONE, &(struct mail_done){0});
	buf_done(&sure);
	buf_done(&maybe);
}

static void put_changed(const struct question *q, uint64_t kind, uint64_t id)
{
	struct buf ids;
	buf_init(&ids, 8);
	buf_append_u64(&ids, id);
	struct email_changed changed = {.kind = kind, .ids = buf_view(&ids)};
	jmap_session_answer(w.fake.session, q->number, EMAIL_CHANGED, &changed);
	buf_done(&ids);
}

static void answer_changes(const struct question *q)
{
	for (unsigned i = 0; i < EMAILS; i++) {
		const struct email *e = &w.emails[i];
		bool was = e->created && e->created <= q->since && !(e->gone && e->gone <= q->since);
		if (e->modseq <= q->since || (!was && e->mailboxes == 0))
			continue;
		put_changed(q, !was ? EMAIL_CREATED : e->mailboxes ? EMAIL_UPDATED : EMAIL_DESTROYED, i + 1);
		if (!was || e->mailboxes == 0)
			put_changed(q, THREAD_UPDATED, e->thread);
	}
	struct mail_done done = {.modseq = w.modseq};
	jmap_session_answer(w.fake.session, q->number, MAIL_DONE, &done);
}

static void work(void)
{
	while (w.asked > 0 && w.fake.status == 0) {
		struct question q = w.questions[0];
		for (size_t i = 1; i < w.asked; i++)
			w.questions[i - 1] = w.questions[i];
		w.asked--;
		buf_init(&w.questions[w.asked].list, 100000);
		if (q.type == EMAIL_TABLE)
			answer_table(&q);
		else if (q.type == EMAIL_GET)
			answer_get(&q);
		else if (q.type == EMAIL_READ)
			answer_read(&q);
		else if (q.type == EMAIL_FIND)
			answer_find(&q);
		else if (q.type == EMAIL_CHANGES)
			answer_changes(&q);
		buf_done(&q.list);
	}
}

static void begin_session(void)
{
	jmap_fake_begin(&w.fake);
	w.fake.answer = note;
}

static void begin(unsigned with)
{
	w = (struct world){.modseq = 1};
	seed = with;
	for (size_t i = 0; i < QUESTIONS; i++)
		buf_init(&w.questions[i].list, 100000);
	for (unsigned i = 0; i < EMAILS; i++)
		w.emails[i] = (struct email){.thread = 1 + draw(EMAILS / 3),
		    .received = 1000000 + draw(30) * 100,
		    .subject = draw(4),
		    .body = draw(4),
		    .from = draw(4),
		    .large = draw(4) == 0};
	begin_session();
}

static void end(void)
{
	jmap_fake_end(&w.fake);
	for (size_t i = 0; i < QUESTIONS; i++)
		buf_done(&w.questions[i].list);
}

static void change(void)
{
	w.modseq++;
	for (unsigned count = 1 + draw(4); count > 0; count--) {
		struct email *e = &w.emails[draw(EMAILS)];
		if (e->gone)
			continue; /* an id is never used again */
		if (e->created == 0) {
			e->created = w.modseq;
			e->mailboxes = 1 + draw((1 << MAILBOXES) - 1);
		} else if (draw(8) == 0) {
			e->mailboxes = 0;
			e->gone = w.modseq;
		} else if (draw(2)) {
			e->mailboxes = 1 + draw((1 << MAILBOXES) - 1);
		} else {
			e->flags ^= draw(2) ? FLAG_SEEN : FLAG_FLAGGED;
		}
		e->modseq = w.modseq;
	}
}

/* ---- queries, as the model sees them ---- */

static bool thread_has(const struct email *e, uint64_t flag, bool all)
{
	for (unsigned i = 0; i < EMAILS; i++) {
		const struct email *o = &w.emails[i];
		if (o->mailboxes && o->thread == e->thread && ((o->flags & flag) != 0) != all)
			return !all;
	}
	return all;
}

static bool in_first(unsigned i)
{
	return w.emails[i].mailboxes & 1;
}
static bool elsewhere(unsigned i)
{
	return w.emails[i].mailboxes & ~1u;
}
static bool seen(unsigned i)
{
	return w.emails[i].flags & FLAG_SEEN;
}
static bool not_flagged(unsigned i)
{
	return !(w.emails[i].flags & FLAG_FLAGGED);
}
static bool any(unsigned i)
{
	(void)i;
	return true;
}
static bool text_apple(unsigned i)
{
	return has_word(i, MAIL_FIELD_ANY, 0);
}
static bool first_and_body_pear(unsigned i)
{
	return in_first(i) && has_word(i, MAIL_FIELD_BODY, 1);
}
static bool not_subject_plum(unsigned i)
{
	return !has_word(i, MAIL_FIELD_SUBJECT, 2);
}
static bool two_words(unsigned i)
{
	return has_word(i, MAIL_FIELD_ANY, 0) && has_word(i, MAIL_FIELD_ANY, 3);
}
static bool some_flagged(unsigned i)
{
	return thread_has(&w.emails[i], FLAG_FLAGGED, false);
}
static bool all_seen(unsigned i)
{
	return thread_has(&w.emails[i], FLAG_SEEN, true);
}
static bool second_or_subject(unsigned i)
{
	return w.emails[i].mailboxes & 2 || has_word(i, MAIL_FIELD_SUBJECT, 1);
}
static bool late(unsigned i)
{
	return w.emails[i].received >= 1001000 && w.emails[i].received < 1002000;
}

static const struct {
	const char *json;
	bool (*matches)(unsigned i);
} filters[] = {
    {"null", any},
    {"{}", any},
    {"{\"inMailbox\":\"M7-1\"}", in_first},
    {"{\"inMailboxOtherThan\":[\"M7-1\",\"M9-1\"]}", elsewhere},
    {"{\"hasKeyword\":\"$SEEN\"}", seen},
    {"{\"notKeyword\":\"$flagged\"}", not_flagged},
    {"{\"after\":\"1970-01-12T14:03:20Z\",\"before\":\"1970-01-12T14:20:00Z\"}", late},
    {"{\"text\":\"apple\"}", text_apple},
    {"{\"inMailbox\":\"M7-1\",\"body\":\"Pear\"}", first_and_body_pear},
    {"{\"operator\":\"NOT\",\"conditions\":[{\"subject\":\"plum\"}]}", not_subject_plum},
    {"{\"operator\":\"AND\",\"conditions\":[{\"text\":\"apple melon\"}]}", two_words},
    {"{\"someInThreadHaveKeyword\":\"$flagged\"}", some_flagged},
    {"{\"allInThreadHaveKeyword\":\"$seen\"}", all_seen},
    {"{\"operator\":\"OR\",\"conditions\":[{\"inMailbox\":\"M7-2\"},{\"subject\":\"pear\"}]}",
        second_or_subject},
};
enum { FILTERS = sizeof filters / sizeof *filters };

static int by_received(const struct email *a, const struct email *b)
{
	return a->received < b->received ? -1 : a->received > b->received;
}
static int newest_first(const struct email *a, const struct email *b)
{
	return -by_received(a, b);
}
static int by_subject(const struct email *a, const struct email *b)
{
	return strcmp(words[a->subject], words[b->subject]);
}
static int by_from(const struct email *a, const struct email *b)
{
	int order = -strcmp(words[a->from], words[b->from]);
	return order ? order : by_received(a, b);
}
static int flagged_first(const struct email *a, const struct email *b)
{
	int order = (int)((b->flags & FLAG_FLAGGED) != 0) - (int)((a->flags & FLAG_FLAGGED) != 0);
	return order ? order : newest_first(a, b);
}
static int seen_threads_last(const struct email *a, const struct email *b)
{
	return (int)thread_has(a, FLAG_SEEN, false) - (int)thread_has(b, FLAG_SEEN, false);
}

static const struct {
	const char *json;
	int (*compare)(const struct email *a, const struct email *b);
	bool ids_descend;
} sorts[] = {
    {"null", newest_first, true},
    {"[{\"property\":\"receivedAt\",\"isAscending\":false}]", newest_first, true},
    {"[{\"property\":\"receivedAt\"}]", by_received, false},
    {"[{\"property\":\"subject\"}]", by_subject, false},
    {"[{\"property\":\"from\",\"isAscending\":false},{\"property\":\"sentAt\"}]", by_from, false},
    {"[{\"property\":\"hasKeyword\",\"keyword\":\"$flagged\",\"isAscending\":false},"
     "{\"property\":\"receivedAt\",\"isAscending\":false}]",
        flagged_first, false},
    {"[{\"property\":\"someInThreadHaveKeyword\",\"keyword\":\"$seen\"}]", seen_threads_last, false},
};
enum { SORTS = sizeof sorts / sizeof *sorts };

static unsigned sorting;

static int compare(const void *one, const void *other)
{
	uint64_t a = *(const uint64_t *)one, b = *(const uint64_t *)other;
	int order = sorts[sorting].compare(&w.emails[a - 1], &w.emails[b - 1]);
	if (order)
		return order;
	order = a < b ? -1 : a > b;
	return sorts[sorting].ids_descend ? -order : order;
}

struct ids {
	uint64_t items[EMAILS];
	size_t count;
};

static struct ids expected(unsigned filter, unsigned sort, bool collapse)
{
	struct ids ids = {.count = 0}, kept = {.count = 0};
	for (unsigned i = 0; i < EMAILS; i++)
		if (w.emails[i].mailboxes && filters[filter].matches(i))
			ids.items[ids.count++] = i + 1;
	sorting = sort;
	qsort(ids.items, ids.count, sizeof *ids.items, compare);
	for (size_t i = 0; i < ids.count; i++) {
		bool double_one = false;
		for (size_t k = 0; k < kept.count && collapse; k++)
			double_one |= w.emails[kept.items[k] - 1].thread == w.emails[ids.items[i] - 1].thread;
		if (!double_one)
			kept.items[kept.count++] = ids.items[i];
	}
	return kept;
}

/* ---- asking ---- */

static json_t *call(const char *method, const char *arguments)
{
	char request[2000];
	snprintf(request, sizeof request,
	    "{\"using\":[\"urn:ietf:params:jmap:core\",\"urn:ietf:params:jmap:mail\"],"
	    "\"methodCalls\":[[\"%s\",{\"accountId\":\"A7\",%s},\"c\"]]}",
	    method, arguments);
	jmap_fake_send(&w.fake, request);
	work();
	assert_int_equal(w.fake.status, 200);
	struct view said = buf_view(&w.fake.out);
	json_t *response = json_loadb(said.data, said.len, 0, NULL);
	json_t *first = json_array_get(json_object_get(response, "methodResponses"), 0);
	assert_non_null(first);
	json_t *answer = json_array_get(first, 1);
	if (strcmp(json_string_value(json_array_get(first, 0)), method) != 0)
		print_error("%s\n", json_dumps(response, 0));
	assert_string_equal(json_string_value(json_array_get(first, 0)), method);
	json_incref(answer);
	json_decref(response);
	return answer;
}

static struct ids take_ids(const json_t *list)
{
	struct ids ids = {.count = json_array_size(list)};
	assert_true(ids.count <= EMAILS);
	for (size_t i = 0; i < ids.count; i++)
		ids.items[i] = strtoull(json_string_value(json_array_get(list, i)) + 3, NULL, 16);
	return ids;
}

static void same(const struct ids *a, const struct ids *b)
{
	assert_int_equal(a->count, b->count);
	assert_memory_equal(a->items, b->items, a->count * sizeof *a->items);
}

static void query(unsigned filter, unsigned sort, bool collapse, const char *more, char state[40],
    struct ids *ids, size_t *total)
{
	char arguments[1000];
	snprintf(arguments, sizeof arguments, "\"filter\":%s,\"sort\":%s,\"collapseThreads\":%s%s",
	    filters[filter].json, sorts[sort].json, collapse ? "true" : "false", more);
	json_t *answer = call("Email/query", arguments);
	*ids = take_ids(json_object_get(answer, "ids"));
	snprintf(state, 40, "%s", json_string_value(json_object_get(answer, "queryState")));
	*total = (size_t)json_integer_value(json_object_get(answer, "total"));
	assert_true(json_is_true(json_object_get(answer, "canCalculateChanges")));
	json_decref(answer);
}

/* RFC 8620 section 5.6: splices out what was removed, and in what was added. */
static void apply(const json_t *answer, struct ids *ids)
{
	json_t *item;
	size_t i;
	json_array_foreach(json_object_get(answer, "removed"), i, item)
	{
		uint64_t id = strtoull(json_string_value(item) + 3, NULL, 16);
		size_t kept = 0;
		for (size_t k = 0; k < ids->count; k++)
			if (ids->items[k] != id)
				ids->items[kept++] = ids->items[k];
		ids->count = kept;
	}
	json_array_foreach(json_object_get(answer, "added"), i, item)
	{
		uint64_t id = strtoull(json_string_value(json_object_get(item, "id")) + 3, NULL, 16);
		size_t index = (size_t)json_integer_value(json_object_get(item, "index"));
		assert_true(index <= ids->count && ids->count < EMAILS);
		memmove(
		    ids->items + index + 1, ids->items + index, (ids->count - index) * sizeof *ids->items);
		ids->items[index] = id;
		ids->count++;
	}
}

static void results_are_the_models(void **state)
{
	(void)state;
	for (unsigned run = 0; run < 3; run++) {
		begin(100 + run);
		for (unsigned round = 0; round < 12; round++) {
			for (unsigned k = 0; k < 4; k++)
				change();
			for (unsigned filter = 0; filter < FILTERS; filter++) {
				unsigned sort = draw(SORTS), collapse = draw(2), skip = draw(4),
				         limit = draw(6);
				struct ids is = expected(filter, sort, collapse), said, part = {0};
				char more[60], text[40];
				size_t total;
				/* A part first, so that results which are whole are not kept yet. */
				snprintf(more, sizeof more, ",\"position\":%u,\"limit\":%u", skip, limit);
				query(filter, sort, collapse, more, text, &said, &total);
				for (size_t i = skip; i < is.count && part.count < limit; i++)
					part.items[part.count++] = is.items[i];
				same(&said, &part);
				query(
				    filter, sort, collapse, ",\"calculateTotal\":true", text, &said, &total);
				same(&said, &is);
				assert_int_equal(total, is.count);
				query(filter, sort, collapse, "", text, &said, &total);
				same(&said, &is);
			}
		}
		end();
	}
}

/* A session that is new knows nothing of what happened before: store tells it then. */
static void a_client_follows_by_changes_alone(void **state)
{
	(void)state;
	for (unsigned run = 0; run < 40; run++) {
		unsigned filter = run % FILTERS, sort = run % SORTS;
		bool collapse = run / FILTERS % 2;
		struct ids ids, is;
		char text[40], arguments[1000];
		size_t total;
		begin(500 + run);
		for (unsigned k = 0; k < 10; k++)
			change();
		query(filter, sort, collapse, "", text, &ids, &total);
		for (unsigned round = 0; round < 25; round++) {
			for (unsigned k = draw(3); k > 0; k--)
				change();
			if (draw(4) == 0) {
				jmap_fake_end(&w.fake);
				begin_session();
			}
			snprintf(arguments, sizeof arguments,
			    "\"filter\":%s,\"sort\":%s,\"collapseThreads\":%s,\"sinceQueryState\":\"%s\","
			    "\"calculateTotal\":true",
			    filters[filter].json, sorts[sort].json, collapse ? "true" : "false", text);
			json_t *answer = call("Email/queryChanges", arguments);
			assert_string_equal(
			    json_string_value(json_object_get(answer, "oldQueryState")), text);
			snprintf(text, sizeof text, "%s",
			    json_string_value(json_object_get(answer, "newQueryState")));
			apply(answer, &ids);
			is = expected(filter, sort, collapse);
			same(&ids, &is);
			assert_int_equal(json_integer_value(json_object_get(answer, "total")), is.count);
			json_decref(answer);
		}
		end();
	}
}

static void refused(const char *method, const char *arguments, const char *type)
{
	char request[2000];
	snprintf(request, sizeof request,
	    "{\"using\":[\"urn:ietf:params:jmap:core\",\"urn:ietf:params:jmap:mail\"],"
	    "\"methodCalls\":[[\"%s\",{\"accountId\":\"A7\",%s},\"c\"]]}",
	    method, arguments);
	jmap_fake_send(&w.fake, request);
	work();
	if (strstr(buf_string(&w.fake.out), type) == NULL)
		assert_string_equal(buf_string(&w.fake.out), type);
}

static void what_is_wrong_is_refused(void **state)
{
	(void)state;
	begin(7);
	for (unsigned k = 0; k < 10; k++)
		change();
	refused("Email/query", "\"filter\":{\"colour\":\"red\"}", "\"unsupportedFilter\"");
	refused("Email/query", "\"filter\":{\"inMailbox\":1}", "\"invalidArguments\"");
	refused("Email/query", "\"filter\":{\"inMailboxOtherThan\":[1]}", "\"invalidArguments\"");
	refused("Email/query", "\"filter\":{\"before\":\"soon\"}", "\"invalidArguments\"");
	refused("Email/query", "\"filter\":{\"minSize\":-1}", "\"invalidArguments\"");
	refused("Email/query", "\"filter\":{\"hasAttachment\":1}", "\"invalidArguments\"");
	refused("Email/query", "\"filter\":{\"header\":[]}", "\"invalidArguments\"");
	refused("Email/query", "\"filter\":{\"header\":[\"a\",\"b\",\"c\"]}", "\"invalidArguments\"");
	refused("Email/query", "\"sort\":[{\"property\":\"colour\"}]", "\"unsupportedSort\"");
	refused("Email/query", "\"sort\":[{\"property\":\"hasKeyword\"}]", "\"invalidArguments\"");
	refused("Email/query", "\"collapseThreads\":1", "\"invalidArguments\"");
	refused("Email/query", "\"anchor\":\"E7-ffff\"", "\"anchorNotFound\"");
	refused("Email/queryChanges", "\"sinceQueryState\":\"99\"", "\"cannotCalculateChanges\"");
	refused("Email/queryChanges", "\"sinceQueryState\":\"1-3\"", "\"cannotCalculateChanges\"");
	refused("Email/queryChanges", "\"sinceQueryState\":\"x\"", "\"cannotCalculateChanges\"");
	refused("Email/queryChanges", "\"sinceQueryState\":\"1\",\"maxChanges\":1", "\"tooManyChanges\"");
	/* Another account's mailbox is none that anything is in. */
	refused("Email/query", "\"filter\":{\"inMailbox\":\"M9-1\"}", "\"ids\":[]");
	end();
}

static void says_of_creation(const char *mailbox, const char *part)
{
	char request[500];
	snprintf(request, sizeof request,
	    "{\"using\":[\"urn:ietf:params:jmap:core\",\"urn:ietf:params:jmap:mail\"],"
	    "\"createdIds\":{\"k\":\"%s\"},\"methodCalls\":[[\"Email/query\",{\"accountId\":\"A7\","
	    "\"filter\":{\"inMailbox\":\"#k\"}},\"c\"]]}",
	    mailbox);
	jmap_fake_send(&w.fake, request);
	work();
	if (strstr(buf_string(&w.fake.out), part) == NULL)
		assert_string_equal(buf_string(&w.fake.out), part);
}

/* What "#k" stands for is another mailbox in another request: results are not those of the first. */
static void names_of_creations_are_not_kept(void **state)
{
	(void)state;
	begin(7);
	for (unsigned k = 0; k < 10; k++)
		change();
	says_of_creation("M7-1", "\"ids\":[\"E7-");
	says_of_creation("M7-ffff", "\"ids\":[]");
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(results_are_the_models),
	    cmocka_unit_test(a_client_follows_by_changes_alone),
	    cmocka_unit_test(what_is_wrong_is_refused),
	    cmocka_unit_test(names_of_creations_are_not_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
