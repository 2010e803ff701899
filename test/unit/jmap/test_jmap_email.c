/* Email/get, Email/changes, Thread/get, Thread/changes: what is asked of the account, and what is made of its
 * answers. */
#include "jmap_fake.h"

#include <errno.h>
#include <stdio.h>

#include "base/cursor.h"
#include "mail/email_wire.h"
#include "mime/digest.h"
#include "mime/summary.h"

/* An account of a few messages. */
struct message {
	uint64_t id, thread, flags;
	const char *text;
	bool large; /* its body doesn't come with others */
	int error;  /* errno: it can't be read */
};

#define TEN_PEOPLE "a@x, b@x, c@x, d@x, e@x, f@x, g@x, h@x, i@x, j@x"

static const struct message messages[] = {
    {.id = 1,
        .thread = 1,
        .flags = FLAG_SEEN | FLAG_KEYWORD << 2 | FLAG_DELETED,
        .text = "From: Ann <ann@x>\r\nTo: b@x\r\nSubject: =?utf-8?q?caf=C3=A9?=\r\n"
                "Date: Fri, 21 Nov 1997 09:55:06 -0600\r\nMessage-ID: <1@x>\r\nReferences: <0@x> <00@x>\r\n"
                "\r\nHello you\r\n"},
    {.id = 2,
        .thread = 1,
        .flags = FLAG_DRAFT,
        .large = true,
        .text = "Subject: large\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n"
                "--m\r\nX-A: part\r\n\r\ntext\r\n"
                "--m\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: "
                "base64\r\n\r\nYWJj\r\n--m--\r\n"},
    {.id = 3, .thread = 3, .text = "Subject: damaged\r\n\r\n", .error = EBADMSG},
    /* More people than a summary names, and a header that store does not send with others. */
    {.id = 5,
        .thread = 5,
        .text = "Subject: to many\r\nTo: " TEN_PEOPLE ",\r\n " TEN_PEOPLE ",\r\n " TEN_PEOPLE
                ",\r\n " TEN_PEOPLE ",\r\n " TEN_PEOPLE ",\r\n " TEN_PEOPLE "\r\n\r\nHello\r\n",
        .large = true,
        .error = EMSGSIZE},
};
enum { MESSAGES = sizeof messages / sizeof *messages };

struct world {
	struct jmap_fake fake;
	struct buf question[8]; /* the lists of the questions that wait */
	uint64_t wants[8], since[8];
	uint64_t asked_bodies; /* of parts, octets */
	unsigned gets;         /* EMAIL_GET */
	uint64_t moved;        /* changes of the emails so far */
	bool stale, more;
};

static bool note(struct jmap_fake *f, uint32_t number, unsigned type, const void *question)
{
	struct world *w = f->arg;
	struct buf *list = &w->question[f->count];
	(void)number;
	buf_clear(list);
	w->wants[f->count] = w->since[f->count] = 0;
	if (type == EMAIL_GET) {
		w->gets++;
		buf_append(list, ((const struct email_get *)question)->ids);
		w->wants[f->count] = ((const struct email_get *)question)->want;
	} else if (type == EMAIL_READ) {
		buf_append(list, ((const struct email_read *)question)->parts);
	} else if (type == EMAIL_THREADS) {
		buf_append(list, ((const struct email_threads *)question)->threads);
	} else if (type == EMAIL_CHANGES) {
		w->wants[f->count] = ((const struct email_changes *)question)->want;
		w->since[f->count] = ((const struct email_changes *)question)->since;
	}
	return false;
}

static const struct message *find(uint64_t id)
{
	for (size_t i = 0; i < MESSAGES; i++)
		if (messages[i].id == id)
			return &messages[i];
	return NULL;
}

static void answer_get(struct world *w, uint32_t number, struct view ids, uint64_t want)
{
	struct buf entries, structure;
	buf_init(&entries, 1 << 20);
	buf_init(&structure, 1 << 20);
	for (struct cursor in = cursor_on(ids); !cursor_at_end(&in);) {
		const struct message *m = find(cursor_u64(&in));
		struct message_digest d;
		if (m == NULL)
			continue;
		struct mime_digest *digest = mime_digest_new();
		struct mime_parser *parser = mime_parser_new();
		struct view text = view_from_string(m->text);
		mime_digest_feed(digest, text);
		mime_digest_end(digest, &d);
		struct mime_tree *tree = mime_parse(parser, text);
		buf_clear(&structure);
		assert_int_equal(mime_tree_encode(tree, &structure), 0);
		struct email_entry e = {.mailbox_count = 2, .mailboxes = {1, 9}};
		e.message = (struct mail_message){.flags = m->flags,
		    .size = text.len,
		    .internaldate = 1000000000,
		    .emailid = m->id,
		    .thread = m->thread,
		    .body_error = (uint64_t)m->error};
		if (m->error != EBADMSG) {
			e.message.summary = d.summary;
			e.message.structure = buf_view(&structure);
		}
		if (m->error == 0) {
			e.message.header = view_take(text, (size_t)tree->parts[0].body_offset);
			e.message.has_body = !m->large;
			e.message.body = m->large ? (struct view){0} : text;
		}
		assert_true(email_entry_put(&entries, want, &e));
		mime_parser_free(parser);
		mime_digest_free(digest);
	}
	struct mail_keywords names = {.entries = view_of("\0\0\0\2\4$Old", 9)};
	jmap_session_answer(w->fake.session, number, MAIL_KEYWORDS, &names);
	struct email_entries answer = {.entries = buf_view(&entries)};
	jmap_session_answer(w->fake.session, number, EMAIL_ENTRIES, &answer);
	buf_done(&entries);
	buf_done(&structure);
}

static void answer_read(struct world *w, uint32_t number, struct view parts)
{
	struct cursor in = cursor_on(parts);
	for (uint64_t i = 0; !cursor_at_end(&in); i++) {
		const struct message *m = find(cursor_u64(&in));
		uint64_t offset = cursor_u64(&in), len = cursor_u64(&in);
		struct view bytes = view_take(view_skip(view_from_string(m->text), offset), len);
		w->asked_bodies += bytes.len;
		/* In two pieces, to be put together. */
		struct mail_data first = {.index = i, .bytes = view_take(bytes, bytes.len / 2)};
		struct mail_data last = {.index = i, .bytes = view_skip(bytes, bytes.len / 2), .last = 1};
		jmap_session_answer(w->fake.session, number, MAIL_DATA, &first);
		jmap_session_answer(w->fake.session, number, MAIL_DATA, &last);
	}
}

static void answer_states(struct world *w, uint32_t number)
{
	struct buf modseqs;
	buf_init(&modseqs, 1000);
	for (unsigned i = 0; i < MAIL_STATES; i++)
		buf_append_u64(&modseqs, i + 40);
	struct email_state state = {.modseqs = buf_view(&modseqs)};
	jmap_session_answer(w->fake.session, number, EMAIL_STATE, &state);
	buf_done(&modseqs);
}

static void put_changed(struct world *w, uint32_t number, uint64_t kind, uint64_t id)
{
	struct buf ids;
	buf_init(&ids, 8);
	buf_append_u64(&ids, id);
	struct email_changed changed = {.kind = kind, .ids = buf_view(&ids)};
	jmap_session_answer(w->fake.session, number, EMAIL_CHANGED, &changed);
	buf_done(&ids);
}

static void answer_first(struct world *w)
{
	uint32_t number = w->fake.asked[0].number;
	unsigned type = w->fake.asked[0].type;
	struct buf list = w->question[0];
	uint64_t want = w->wants[0];
	struct mail_done done = {.modseq = 50 + w->moved, .number = w->more, .uidnext = w->more ? 77 : 0};
	w->fake.count--;
	for (size_t i = 0; i < w->fake.count; i++) {
		w->fake.asked[i] = w->fake.asked[i + 1];
		w->question[i] = w->question[i + 1];
		w->wants[i] = w->wants[i + 1];
	}
	buf_init(&w->question[w->fake.count], 1 << 20);
	if (type == EMAIL_GET) {
		done = (struct mail_done){.modseq = 40 + w->moved};
		answer_get(w, number, buf_view(&list), want);
	}
	if (type == EMAIL_READ)
		answer_read(w, number, buf_view(&list));
	else if (type == EMAIL_STATES)
		answer_states(w, number);
	if (type == EMAIL_THREADS && list.len > 0) {
		struct buf emails;
		buf_init(&emails, 16);
		buf_append_u64(&emails, 1);
		buf_append_u64(&emails, 2);
		struct email_thread t = {.thread = 1, .emails = buf_view(&emails)};
		jmap_session_answer(w->fake.session, number, EMAIL_THREAD, &t);
		buf_done(&emails);
	}
	if (type == EMAIL_CHANGES) {
		done.error = w->stale ? -ESTALE : 0;
		if (want & EMAIL_CHANGES_EMAILS) {
			put_changed(w, number, EMAIL_CREATED, 7);
			put_changed(w, number, EMAIL_UPDATED, 8);
			put_changed(w, number, EMAIL_DESTROYED, 9);
		}
		if (want & EMAIL_CHANGES_THREADS)
			put_changed(w, number, THREAD_UPDATED, 3);
	}
	buf_done(&list);
	jmap_session_answer(w->fake.session, number, MAIL_DONE, &done);
}

static void begin(struct world *w)
{
	*w = (struct world){0};
	jmap_fake_begin(&w->fake);
	w->fake.answer = note;
	w->fake.arg = w;
	for (size_t i = 0; i < 8; i++)
		buf_init(&w->question[i], 1 << 20);
}

static void end(struct world *w)
{
	jmap_fake_end(&w->fake);
	for (size_t i = 0; i < 8; i++)
		buf_done(&w->question[i]);
}

/* One call of a method of mail; what stands between the brackets of its response. */
static void says(struct world *w, const char *method, const char *arguments, const char *expected)
{
	char request[8000];
	(void)snprintf(request, sizeof request,
	    "{\"using\":[\"urn:ietf:params:jmap:core\",\"urn:ietf:params:jmap:mail\"],"
	    "\"methodCalls\":[[\"%s\",{\"accountId\":\"A7\"%s},\"c\"]]}",
	    method, arguments);
	jmap_fake_send(&w->fake, request);
	while (w->fake.status == 0 && w->fake.count > 0)
		answer_first(w);
	if (w->fake.status != 200)
		print_error("%s\n", buf_string(&w->fake.out));
	assert_int_equal(w->fake.status, 200);
	const char *said = buf_string(&w->fake.out), *head = "{\"methodResponses\":[[";
	assert_memory_equal(said, head, strlen(head));
	said += strlen(head);
	if (strncmp(said, expected, strlen(expected)) != 0)
		assert_string_equal(said, expected);
}

static void lists_are_made_of_summaries(void **state)
{
	struct world w;
	(void)state;
	begin(&w);
	says(&w, "Email/get",
	    ",\"ids\":[\"E7-1\",\"E7-4\",\"E9-1\",\"x\"],\"properties\":[\"id\",\"threadId\",\"mailboxIds\","
	    "\"keywords\",\"from\",\"to\",\"cc\",\"subject\",\"receivedAt\",\"sentAt\",\"messageId\","
	    "\"size\","
	    "\"preview\",\"hasAttachment\",\"blobId\"]",
	    "\"Email/"
	    "get\",{\"accountId\":\"A7\",\"list\":[{\"id\":\"E7-1\",\"blobId\":\"B7-1\",\"threadId\":\"T7-"
	    "1\","
	    "\"mailboxIds\":{\"M7-1\":true,\"M7-9\":true},\"keywords\":{\"$seen\":true,\"$old\":true},"
	    "\"size\":157,\"receivedAt\":\"2001-09-09T01:46:40Z\",\"messageId\":[\"1@x\"],"
	    "\"from\":[{\"name\":\"Ann\",\"email\":\"ann@x\"}],\"to\":[{\"name\":null,\"email\":\"b@x\"}],"
	    "\"cc\":null,\"subject\":\"caf\xc3\xa9\",\"sentAt\":\"1997-11-21T09:55:06-06:00\","
	    "\"hasAttachment\":false,\"preview\":\"Hello you\"}],\"state\":\"40\","
	    "\"notFound\":[\"E9-1\",\"x\",\"E7-4\"]},\"c\"]");
	end(&w);
}

static void headers_are_read_where_they_are_asked_for(void **state)
{
	struct world w;
	(void)state;
	begin(&w);
	says(&w, "Email/get",
	    ",\"ids\":[\"E7-1\"],\"properties\":[\"references\",\"header:subject:asRaw\",\"header:SUBJECT:"
	    "asText\","
	    "\"header:subject:asRaw\"]",
	    "\"Email/"
	    "get\",{\"accountId\":\"A7\",\"list\":[{\"id\":\"E7-1\",\"references\":[\"0@x\",\"00@x\"],"
	    "\"header:subject:asRaw\":\" "
	    "=?utf-8?q?caf=C3=A9?=\",\"header:SUBJECT:asText\":\"caf\xc3\xa9\"}],");
	says(&w, "Email/get", ",\"ids\":[\"E7-1\"],\"properties\":[\"header:From:asDate\"]",
	    "\"error\",{\"type\":\"invalidArguments\"");
	says(&w, "Email/get", ",\"ids\":[],\"properties\":[\"nonsense\"]",
	    "\"error\",{\"type\":\"invalidArguments\"");
	says(&w, "Email/get", ",\"ids\":[],\"bodyProperties\":[\"nonsense\"]",
	    "\"error\",{\"type\":\"invalidArguments\"");
	says(&w, "Email/get", ",\"ids\":[],\"bodyProperties\":[3]",
	    "\"error\",{\"type\":\"invalidArguments\"");
	says(&w, "Email/get", ",\"ids\":[],\"maxBodyValueBytes\":-1",
	    "\"error\",{\"type\":\"invalidArguments\"");
	says(&w, "Email/get", ",\"ids\":[]",
	    "\"Email/get\",{\"accountId\":\"A7\",\"list\":[],\"state\":\"40\",\"notFound\":[]}");
	end(&w);
}

static void bodies_come_with_small_messages(void **state)
{
	struct world w;
	(void)state;
	begin(&w);
	says(&w, "Email/get",
	    ",\"ids\":[\"E7-1\"],\"properties\":[\"textBody\",\"bodyValues\",\"attachments\"],"
	    "\"bodyProperties\":[\"partId\",\"blobId\",\"size\"],\"fetchTextBodyValues\":true",
	    "\"Email/get\",{\"accountId\":\"A7\",\"list\":[{\"id\":\"E7-1\","
	    "\"bodyValues\":{\"1\":{\"value\":\"Hello "
	    "you\\n\",\"isEncodingProblem\":false,\"isTruncated\":false}},"
	    "\"textBody\":[{\"partId\":\"1\",\"blobId\":\"P7-1-0\",\"size\":11}],\"attachments\":[]}],");
	assert_int_equal(w.asked_bodies, 0);
	end(&w);
}

static void only_what_is_wanted_is_read_of_large_messages(void **state)
{
	struct world w;
	(void)state;
	begin(&w);
	says(&w, "Email/get",
	    ",\"ids\":[\"E7-2\",\"E7-1\"],\"properties\":[\"subject\",\"bodyValues\",\"attachments\"],"
	    "\"bodyProperties\":[\"partId\",\"type\"],\"fetchAllBodyValues\":true",
	    "\"Email/"
	    "get\",{\"accountId\":\"A7\",\"list\":[{\"id\":\"E7-1\",\"subject\":\"caf\xc3\xa9\","
	    "\"bodyValues\":"
	    "{\"1\":{\"value\":\"Hello you\\n\",\"isEncodingProblem\":false,\"isTruncated\":false}},"
	    "\"attachments\":[]},{\"id\":\"E7-2\",\"subject\":\"large\",\"bodyValues\":"
	    "{\"1\":{\"value\":\"text\",\"isEncodingProblem\":false,\"isTruncated\":false}},"
	    "\"attachments\":[{\"partId\":\"2\",\"type\":\"application/pdf\"}]}],");
	assert_int_equal(w.asked_bodies, 4);
	says(&w, "Email/get",
	    ",\"ids\":[\"E7-2\"],\"properties\":[\"attachments\",\"textBody\"],"
	    "\"bodyProperties\":[\"size\",\"header:X-A\"]",
	    "\"Email/get\",{\"accountId\":\"A7\",\"list\":[{\"id\":\"E7-2\","
	    "\"textBody\":[{\"size\":4,\"header:X-A\":\" "
	    "part\"}],\"attachments\":[{\"size\":3,\"header:X-A\":null}]}],");
	end(&w);
}

/* What is read of messages is asked for a part at a time; a list that store has at hand in one question. */
static void many_bodies_are_asked_for_in_turn(void **state)
{
	struct world w;
	struct buf arguments;
	(void)state;
	begin(&w);
	buf_init(&arguments, 8000);
	buf_append_string(&arguments, ",\"ids\":[\"E7-1\"");
	for (unsigned i = 0; i < 300; i++)
		buf_printf(&arguments, ",\"E7-%x\"", 0x100 + i);
	buf_append_string(&arguments, ",\"E7-2\"],\"properties\":[\"subject\"");
	size_t len = arguments.len;
	buf_append_string(&arguments, "]");
	says(&w, "Email/get", buf_string(&arguments),
	    "\"Email/get\",{\"accountId\":\"A7\",\"list\":[{\"id\":\"E7-1\",\"subject\":\"caf\xc3\xa9\"},"
	    "{\"id\":\"E7-2\",\"subject\":\"large\"}],\"state\":\"40\",\"notFound\":[\"E7-100\",\"E7-101\",");
	assert_int_equal(w.gets, 1);
	buf_truncate(&arguments, len);
	buf_append_string(&arguments, ",\"bodyValues\"],\"fetchTextBodyValues\":true");
	says(&w, "Email/get", buf_string(&arguments),
	    "\"Email/"
	    "get\",{\"accountId\":\"A7\",\"list\":[{\"id\":\"E7-1\",\"subject\":\"caf\xc3\xa9\","
	    "\"bodyValues\":"
	    "{\"1\":{\"value\":\"Hello you\\n\",\"isEncodingProblem\":false,\"isTruncated\":false}}},"
	    "{\"id\":\"E7-2\",\"subject\":\"large\",\"bodyValues\":"
	    "{\"1\":{\"value\":\"text\",\"isEncodingProblem\":false,\"isTruncated\":false}}}],"
	    "\"state\":\"40\",\"notFound\":[\"E7-100\",");
	assert_true(w.gets >= 4);
	buf_done(&arguments);
	end(&w);
}

/* Nor does one with a header beyond all measure. */
static void a_header_too_long_is_shown_as_its_summary_has_it(void **state)
{
	struct world w;
	(void)state;
	begin(&w);
	says(&w, "Email/get", ",\"ids\":[\"E7-5\",\"E7-1\"],\"properties\":[\"subject\",\"to\"]",
	    "\"Email/get\",{\"accountId\":\"A7\",\"list\":[{\"id\":\"E7-1\","
	    "\"to\":[{\"name\":null,\"email\":\"b@x\"}],\"subject\":\"caf\xc3\xa9\"},"
	    "{\"id\":\"E7-5\",\"to\":[{\"name\":null,\"email\":\"a@x\"},");
	end(&w);
}

/* One damaged message takes no others down. */
static void damaged_mail_is_shown_as_far_as_it_can_be_read(void **state)
{
	struct world w;
	(void)state;
	begin(&w);
	says(&w, "Email/get",
	    ",\"ids\":[\"E7-3\",\"E7-1\"],\"properties\":[\"threadId\",\"subject\",\"bodyValues\"],"
	    "\"fetchAllBodyValues\":true",
	    "\"Email/get\",{\"accountId\":\"A7\",\"list\":[{\"id\":\"E7-1\",\"threadId\":\"T7-1\","
	    "\"subject\":\"caf\xc3\xa9\",\"bodyValues\":{\"1\":{\"value\":\"Hello you\\n\","
	    "\"isEncodingProblem\":false,\"isTruncated\":false}}},"
	    "{\"id\":\"E7-3\",\"threadId\":\"T7-3\",\"subject\":");
	end(&w);
}

/* How many questions for emails the same call brings about. */
static unsigned asks(struct world *w, const char *arguments, const char *expected)
{
	unsigned before = w->gets;
	says(w, "Email/get", arguments, expected);
	return w->gets - before;
}

static void lists_are_kept_until_an_email_changes(void **state)
{
	static const char list[] = ",\"ids\":[\"E7-1\",\"x\"],\"properties\":[\"subject\"]";
	static const char said[] = "\"Email/get\",{\"accountId\":\"A7\",\"list\":[{\"id\":\"E7-1\","
	                           "\"subject\":\"caf\xc3\xa9\"}],\"state\":\"40\",\"notFound\":[\"x\"]}";
	struct world w;
	(void)state;
	begin(&w);
	/* Without a query before there is nothing that tells of changes. */
	assert_int_equal(asks(&w, list, said), 1);
	assert_int_equal(asks(&w, list, said), 1);
	says(&w, "Email/query", "", "\"Email/query\"");
	assert_int_equal(asks(&w, list, said), 1);
	assert_int_equal(asks(&w, list, said), 0);
	assert_int_equal(asks(&w, list, said), 0);
	/* Other properties, other emails, and what can change while no email does. */
	assert_int_equal(asks(&w, ",\"ids\":[\"E7-1\"],\"properties\":[\"size\"]", "\"Email/get\""), 1);
	assert_int_equal(asks(&w, ",\"ids\":[\"E7-2\"],\"properties\":[\"subject\"]", "\"Email/get\""), 1);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(asks(&w, ",\"ids\":[\"E7-4\"],\"properties\":[\"id\"]", "\"Email/get\""), 1);
		assert_int_equal(
		    asks(&w, ",\"ids\":[\"E7-1\"],\"properties\":[\"textBody\"]", "\"Email/get\""), 1);
		assert_int_equal(asks(&w, ",\"ids\":[\"E7-1\"]", "\"Email/get\""), 1);
	}
	assert_int_equal(asks(&w, list, said), 0);
	w.moved = 1;
	assert_int_equal(asks(&w, list,
	                     "\"Email/get\",{\"accountId\":\"A7\",\"list\":[{\"id\":\"E7-1\","
	                     "\"subject\":\"caf\xc3\xa9\"}],\"state\":\"41\""),
	    1);
	end(&w);
}

static void threads_list_their_emails(void **state)
{
	struct world w;
	(void)state;
	begin(&w);
	says(&w, "Thread/get", ",\"ids\":[\"T7-5\",\"T7-1\",\"E7-1\"]",
	    "\"Thread/"
	    "get\",{\"accountId\":\"A7\",\"list\":[{\"id\":\"T7-1\",\"emailIds\":[\"E7-1\",\"E7-2\"]}],"
	    "\"state\":\"41\",\"notFound\":[\"E7-1\",\"T7-5\"]}");
	says(&w, "Thread/get", ",\"ids\":[\"T7-1\"],\"properties\":[\"id\"]",
	    "\"Thread/get\",{\"accountId\":\"A7\",\"list\":[{\"id\":\"T7-1\"}],");
	says(&w, "Thread/get", ",\"ids\":[\"T7-1\"],\"properties\":[\"emails\"]",
	    "\"error\",{\"type\":\"invalidArguments\"");
	end(&w);
}

static void changes_are_told(void **state)
{
	struct world w;
	(void)state;
	begin(&w);
	says(&w, "Email/changes", ",\"sinceState\":\"30\"",
	    "\"Email/"
	    "changes\",{\"accountId\":\"A7\",\"oldState\":\"30\",\"newState\":\"40\",\"hasMoreChanges\":"
	    "false,"
	    "\"created\":[\"E7-7\"],\"updated\":[\"E7-8\"],\"destroyed\":[\"E7-9\"]}");
	says(&w, "Thread/changes", ",\"sinceState\":\"30\"",
	    "\"Thread/"
	    "changes\",{\"accountId\":\"A7\",\"oldState\":\"30\",\"newState\":\"41\",\"hasMoreChanges\":"
	    "false,"
	    "\"created\":[],\"updated\":[\"T7-3\"],\"destroyed\":[]}");
	w.more = true;
	says(&w, "Email/changes", ",\"sinceState\":\"30-0-5\",\"maxChanges\":3",
	    "\"Email/"
	    "changes\",{\"accountId\":\"A7\",\"oldState\":\"30-0-5\",\"newState\":\"50-0-77\","
	    "\"hasMoreChanges\":true,");
	w.more = false;
	says(&w, "Email/changes", ",\"sinceState\":\"41\"", "\"error\",{\"type\":\"cannotCalculateChanges\"");
	says(&w, "Email/changes", ",\"sinceState\":\"30-1\"",
	    "\"error\",{\"type\":\"cannotCalculateChanges\"");
	says(&w, "Email/changes", ",\"sinceState\":\"what\"",
	    "\"error\",{\"type\":\"cannotCalculateChanges\"");
	says(&w, "Email/changes", ",\"sinceState\":\"30\",\"maxChanges\":0",
	    "\"error\",{\"type\":\"invalidArguments\"");
	says(&w, "Email/changes", "", "\"error\",{\"type\":\"invalidArguments\"");
	w.stale = true;
	says(&w, "Email/changes", ",\"sinceState\":\"30\"", "\"error\",{\"type\":\"cannotCalculateChanges\"");
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lists_are_made_of_summaries),
	    cmocka_unit_test(headers_are_read_where_they_are_asked_for),
	    cmocka_unit_test(bodies_come_with_small_messages),
	    cmocka_unit_test(only_what_is_wanted_is_read_of_large_messages),
	    cmocka_unit_test(many_bodies_are_asked_for_in_turn),
	    cmocka_unit_test(a_header_too_long_is_shown_as_its_summary_has_it),
	    cmocka_unit_test(damaged_mail_is_shown_as_far_as_it_can_be_read),
	    cmocka_unit_test(lists_are_kept_until_an_email_changes),
	    cmocka_unit_test(threads_list_their_emails),
	    cmocka_unit_test(changes_are_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
