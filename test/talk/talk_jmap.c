/*
 * The stage for JMAP transcripts: the real store role's rights over a store in memory, and a JMAP session for
 * each client of the transcript. alice, bob and carol have accounts. A client says a request when its
 * brackets are closed: a list is the method calls of one that uses all capabilities, an object is a whole
 * request. The response is written so that a person can read it.
 */
#include <stdio.h>
#include <string.h>

#include "../unit/role/store/script_session.h"
#include "../unit/store/support.h"
#include "account/filed.h"
#include "base/mem.h"
#include "directory/directory.h"
#include "format/json_out.h"
#include "jmap/jmap_state.h"
#include "mail/recipient.h"
#include "play.h"
#include "process/messages_rules.h"
#include "trust/sender/sender_results.h"

enum { NOW = 1800000000, DRAFT_MAX = 1 << 20, LINE = 100, REQUEST_MAX = 20 * 1024 * 1024 };

struct talker {
	struct jmap_session *session;
	struct mail_session mail;
	struct buf *out;
	struct buf request, response;
	struct jmap_request *under_way;
	/* A question about recipients: relay's part, played here. */
	struct {
		struct loop_task task;
		uint32_t number;
		size_t count;
		struct recipient_told told[RECIPIENT_ASK_MAX];
	} recipients;
	bool whole; /* the client wrote the request object itself */
};

static const char *const people[] = {"alice", "bob", "carol"};
enum { PEOPLE = sizeof people / sizeof people[0] };

static struct {
	bool begun;
	unsigned who;                    /* of the next session */
	struct buf draft, sender, filed; /* of the next message */
	struct talker *talkers[16];
	size_t count;
} stage;

static unsigned person(struct view name)
{
	for (unsigned i = 0; i < PEOPLE; i++)
		if (view_equal(name, view_from_string(people[i])))
			return i + 1;
	return 0;
}

/* ---- recipients ---- */

/* What relay would say; the first word of an address that is of another server says it. */
static void judge(struct view address, struct recipient_told *told)
{
	static const struct {
		const char *begins;
		enum recipient_state state;
		enum recipient_tls tls;
	} far[] = {{"proven", RECIPIENT_GOOD, RECIPIENT_TLS_PROVEN},
	    {"required", RECIPIENT_GOOD, RECIPIENT_TLS_REQUIRED},
	    {"seen", RECIPIENT_GOOD, RECIPIENT_TLS_SEEN}, {"clear", RECIPIENT_GOOD, RECIPIENT_TLS_CLEAR},
	    {"never", RECIPIENT_GOOD, RECIPIENT_TLS_NEVER}, {"open", RECIPIENT_GOOD, RECIPIENT_TLS_UNKNOWN},
	    {"nowhere", RECIPIENT_NO_DOMAIN, RECIPIENT_TLS_UNKNOWN},
	    {"null", RECIPIENT_NO_MAIL, RECIPIENT_TLS_UNKNOWN},
	    {"disabled", RECIPIENT_DISABLED, RECIPIENT_TLS_HERE},
	    {"circle", RECIPIENT_NO_WAY, RECIPIENT_TLS_HERE},
	    {"silent", RECIPIENT_UNKNOWN, RECIPIENT_TLS_UNKNOWN}};
	struct view user;
	told->state = RECIPIENT_MALFORMED;
	told->tls = RECIPIENT_TLS_HERE;
	for (size_t i = 0; i < sizeof far / sizeof far[0]; i++)
		if (view_starts(address, view_from_string(far[i].begins))) {
			told->state = far[i].state;
			told->tls = far[i].tls;
			return;
		}
	if (view_next(&address, '@', &user) && view_equal(address, VIEW("example.test")))
		told->state = person(user) ? RECIPIENT_GOOD : RECIPIENT_NO_USER;
}

static void tell_recipients(void *arg)
{
	struct talker *t = arg;
	for (size_t i = t->recipients.count; i-- > 0;)
		jmap_session_answer(t->session, t->recipients.number, RECIPIENT_TOLD, &t->recipients.told[i]);
	jmap_session_answer(t->session, t->recipients.number, MAIL_DONE, &(struct mail_done){0});
}

static void ask_recipients(struct talker *t, uint32_t number, const struct recipient_ask *question)
{
	t->recipients.number = number;
	t->recipients.count = question->count;
	for (size_t i = 0; i < question->count; i++) {
		t->recipients.told[i].index = i;
		judge(question->addresses[i], &t->recipients.told[i]);
	}
	loop_task_schedule(&t->recipients.task);
}

/* ---- the account ---- */

static void ask(void *arg, uint32_t number, unsigned type, const void *question)
{
	struct talker *t = arg;
	if (type == RECIPIENT_ASK) {
		ask_recipients(t, number, question);
		return;
	}
	account_client_ask(&t->mail.client, number, type, question);
}

static int64_t now(void *arg)
{
	(void)arg;
	return NOW;
}

static const struct jmap_host host = {.ask = ask, .now = now};

static void answered(void *arg, uint32_t number, enum mail_type type, const void *answer)
{
	struct talker *t = arg;
	jmap_session_answer(t->session, number, type, answer);
}

static void lost(void *arg)
{
	struct talker *t = arg;
	jmap_session_lost(t->session);
}

/* ---- responses as people read them ---- */

static void put_flat(struct buf *out, const json_t *value)
{
	size_t i;
	const char *key;
	json_t *item;
	bool first = true;
	struct json_out w = json_out_on(out);
	if (json_is_object(value)) {
		buf_append_byte(out, '{');
		json_object_foreach((json_t *)(uintptr_t)value, key, item)
		{
			buf_append_string(out, first ? "" : ", ");
			first = false;
			w.comma = false;
			json_out_string(&w, view_from_string(key));
			buf_append_string(out, ": ");
			put_flat(out, item);
		}
		buf_append_byte(out, '}');
	} else if (json_is_array(value)) {
		buf_append_byte(out, '[');
		json_array_foreach(value, i, item)
		{
			buf_append_string(out, i ? ", " : "");
			put_flat(out, item);
		}
		buf_append_byte(out, ']');
	} else if (json_is_string(value)) {
		json_out_string(&w, view_of(json_string_value(value), json_string_length(value)));
	} else {
		char *text = json_dumps(value, JSON_ENCODE_ANY);
		buf_append_string(out, text);
		free(text);
	}
}

static void new_line(struct buf *out, size_t indent)
{
	buf_append_string(out, "\r\n");
	for (size_t i = 0; i < indent; i++)
		buf_append_byte(out, ' ');
}

/* What has room in a line stands in one; else each member in its own. */
static void put_pretty(struct buf *out, const json_t *value, size_t indent, size_t used)
{
	struct buf flat;
	size_t i;
	const char *key;
	json_t *item;
	bool first = true;
	struct json_out w = json_out_on(out);
	buf_init(&flat, REQUEST_MAX);
	put_flat(&flat, value);
	if (used + buf_view(&flat).len <= LINE || (!json_is_object(value) && !json_is_array(value))) {
		buf_append(out, buf_view(&flat));
	} else if (json_is_object(value)) {
		buf_append_byte(out, '{');
		json_object_foreach((json_t *)(uintptr_t)value, key, item)
		{
			buf_append_string(out, first ? "" : ",");
			first = false;
			new_line(out, indent + 2);
			w.comma = false;
			json_out_string(&w, view_from_string(key));
			buf_append_string(out, ": ");
			put_pretty(out, item, indent + 2, indent + strlen(key) + 6);
		}
		buf_append_byte(out, '}');
	} else {
		buf_append_byte(out, '[');
		json_array_foreach(value, i, item)
		{
			buf_append_string(out, i ? "," : "");
			new_line(out, indent + 2);
			put_pretty(out, item, indent + 2, indent + 2);
		}
		buf_append_byte(out, ']');
	}
	buf_done(&flat);
}

/* A response of a call: its name and id in the first line, then what it says. */
static void put_response(struct buf *out, const json_t *response)
{
	buf_append_string(out, json_string_value(json_array_get(response, 0)));
	buf_append_byte(out, ' ');
	buf_append_string(out, json_string_value(json_array_get(response, 2)));
	new_line(out, 2);
	put_pretty(out, json_array_get(response, 1), 2, 2);
	buf_append_string(out, "\r\n");
}

static void on_done(void *arg, unsigned status)
{
	struct talker *t = arg;
	struct view text = buf_view(&t->response);
	json_error_t error;
	json_t *response = json_loadb(text.data, text.len, JSON_ALLOW_NUL, &error), *list, *item;
	size_t i;
	t->under_way = NULL;
	if (response == NULL) {
		printf("this is no JSON (%s): %.*s\n", error.text, VIEW_FMT(text));
		abort();
	}
	list = json_object_get(response, "methodResponses");
	if (status == 200 && !t->whole && list) {
		json_array_foreach(list, i, item) put_response(t->out, item);
	} else {
		if (list)
			json_object_del(response, "sessionState"); /* a hash */
		else if (json_object_get(response, "state"))
			json_object_set_new(response, "state", json_string("s"));
		if (status != 200)
			buf_printf(t->out, "%u\r\n", status);
		put_pretty(t->out, response, 0, 0);
		buf_append_string(t->out, "\r\n");
	}
	json_decref(response);
	buf_clear(&t->response);
}

/* ---- the stage ---- */

static int run_people(struct txn *t, void *arg)
{
	struct directory_domain domain = {.disabled = false};
	(void)arg;
	int error = directory_domain_put(t, VIEW("example.test"), &domain);
	for (size_t i = 0; i < PEOPLE && error == 0; i++) {
		struct directory_account account = {.quota = 0};
		char address[64];
		snprintf(address, sizeof address, "%s@example.test", people[i]);
		error = directory_account_add(t, view_from_string(address), &account);
	}
	return error;
}

static void begin(void)
{
	if (stage.begun)
		return;
	mail_world_begin();
	/* The real rules role compiles scripts; the clients' ends are those of a person still. */
	const struct role *role = mail_world_edge()->role;
	script_world_begin();
	mail_world_edge()->role = role;
	store_queue_start();
	assert_int_equal(test_commit(store_role.store, run_people, NULL), 0);
	for (unsigned i = 0; i < PEOPLE; i++)
		mail_world_account(i + 1);
	stage.begun = true;
}

static void end(void)
{
	if (stage.begun) {
		store_queue_stop();
		script_world_end();
		mail_world_end();
		store_queue_free();
	}
	stage.begun = false;
	buf_done(&stage.draft);
	buf_done(&stage.sender);
	buf_done(&stage.filed);
}

static void *open_session(struct buf *out)
{
	begin();
	struct talker *t = mem_alloc(sizeof *t);
	char address[64];
	unsigned who = stage.who ? stage.who : 1;
	*t = (struct talker){.out = out, .mail = {.answered = answered, .lost = lost, .arg = t}};
	loop_task_init(&t->recipients.task, &mail_world_edge()->loop, tell_recipients, t);
	buf_init(&t->request, REQUEST_MAX);
	buf_init(&t->response, 2 * JMAP_RESPONSE_MAX);
	mail_session_open(&t->mail, who);
	snprintf(address, sizeof address, "%s@example.test", people[who - 1]);
	struct jmap_config config = {.account = who,
	    .address = view_from_string(address),
	    .base = VIEW("https://mail.example.test"),
	    .message_max = 100000,
	    .attach_max = 50000,
	    .file_link_days = 30,
	    .file_link_space = UINT64_C(2) << 30,
	    .delay_max = 86400,
	    .sieve_extensions = VIEW("fileinto vacation"),
	    .sieve_notify = VIEW("mailto"),
	    .sieve_redirects_max = 4,
	    .smime = true};
	t->session = jmap_session_new(&config, &host, t);
	if (stage.count < sizeof stage.talkers / sizeof stage.talkers[0])
		stage.talkers[stage.count++] = t;
	return t;
}

static void close_session(void *session)
{
	struct talker *t = session;
	jmap_session_free(t->session);
	loop_task_cancel(&t->recipients.task);
	mail_session_close(&t->mail);
	script_world_settle();
	for (size_t i = 0; i < stage.count; i++)
		if (stage.talkers[i] == t)
			stage.talkers[i] = stage.talkers[--stage.count];
	buf_done(&t->request);
	buf_done(&t->response);
	mem_free(t);
}

static void settle(void *session)
{
	(void)session;
	if (stage.begun)
		script_world_settle();
}

/* A request is whole when all its brackets are closed. */
static bool is_whole(struct view text)
{
	size_t depth = 0;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];
		if (c == '"')
			while (++i < text.len && text.data[i] != '"')
				i += text.data[i] == '\\';
		else if (c == '[' || c == '{')
			depth++;
		else if ((c == ']' || c == '}') && --depth == 0)
			return true;
	}
	return false;
}

/* All capabilities that the server has. */
static void put_using(struct talker *t, struct buf *out)
{
	buf_append_string(out, "{\"using\":[");
	for (enum jmap_capability k = 0; k < JMAP_CAPABILITIES; k++)
		if (jmap_capability_is_true(t->session, k))
			buf_printf(out, "%s\"%s\"", k ? "," : "", jmap_capability_names[k]);
	buf_append_string(out, "],\"methodCalls\":");
}

static void run(struct talker *t)
{
	struct view text = view_trim(buf_view(&t->request));
	struct buf body;
	if (view_starts(text, VIEW("GET"))) {
		t->whole = true;
		t->under_way = jmap_session_object(t->session, &t->response, on_done, t);
		return;
	}
	buf_init(&body, REQUEST_MAX);
	t->whole = text.data[0] != '[';
	if (!t->whole)
		put_using(t, &body);
	buf_append(&body, text);
	if (!t->whole)
		buf_append_byte(&body, '}');
	t->under_way = jmap_request_begin(
	    t->session, buf_view(&body), VIEW("application/json"), &t->response, on_done, t);
	buf_done(&body);
}

static size_t feed(void *session, struct view bytes)
{
	struct talker *t = session;
	for (size_t i = 0; i < bytes.len; i++) {
		if (t->under_way)
			return i;
		buf_append_byte(&t->request, bytes.data[i]);
		struct view text = view_trim(buf_view(&t->request));
		if (bytes.data[i] == '\n' && (is_whole(text) || view_equal(text, VIEW("GET")))) {
			run(t);
			buf_clear(&t->request);
			return i + 1;
		}
	}
	return bytes.len;
}

static bool is_closed(void)
{
	return false;
}

/* "M: alice": the lines of B: become a message in the INBOX of alice. */
static bool deliver(struct view who)
{
	begin();
	unsigned account = person(who);
	mail_world_next(buf_view(&stage.sender), buf_view(&stage.filed));
	bool good = account > 0 && mail_world_put(account, MAILBOX_INBOX, 0, NOW, buf_view(&stage.draft)) > 0;
	buf_clear(&stage.draft);
	buf_clear(&stage.sender);
	buf_clear(&stage.filed);
	settle(NULL);
	return good;
}

/* "V: proven a.example reject": what was found out about the next message's sender: proven, unproven or
 * unknown, the domain in From, and its policy. */
static bool set_sender(struct view argument)
{
	struct view standing, domain, policy;
	if (!view_next(&argument, ' ', &standing) || !view_next(&argument, ' ', &domain))
		return false;
	(void)view_next(&argument, ' ', &policy);
	bool proven = view_equal(standing, VIEW("proven")), unknown = view_equal(standing, VIEW("unknown"));
	struct sender_results r = {.at = NOW,
	    .has_client = true,
	    .client = {.bytes = {192, 0, 2, 7}},
	    .client_result = SENDER_NONE,
	    .helo = VIEW("mail.other.example"),
	    .mail_from = VIEW("bounces@other.example"),
	    .dkim_count = 1};
	r.spf.cause = SPF_NO_RECORD;
	r.dkim[0] = (struct sender_signature){.result = SENDER_PASS,
	    .domain = proven ? domain : VIEW("other.example"),
	    .selector = VIEW("s1"),
	    .algorithm = VIEW("rsa-sha256"),
	    .signed_length = DKIM_WHOLE,
	    .signed_at = DKIM_NO_TIME,
	    .expires = DKIM_NO_TIME};
	r.dkim_result = SENDER_PASS;
	r.arc.cause = ARC_NO_CHAIN;
	r.dmarc.author = domain;
	r.dmarc.authors = 1;
	r.dmarc.policy_domain = unknown ? (struct view){0} : domain;
	r.dmarc.cause = proven ? DMARC_ALIGNED_DKIM : unknown ? DMARC_NO_RECORD : DMARC_NOT_PROVEN;
	r.dmarc.result = proven ? SENDER_PASS : unknown ? SENDER_NONE : SENDER_FAIL;
	r.dmarc.policy = view_equal(policy, VIEW("reject")) ? DMARC_REJECT : DMARC_NONE;
	r.dmarc.aligned_dkim = proven;
	r.dmarc.proven_by = proven ? domain : (struct view){0};
	return sender_results_encode(&r, &stage.sender) == 0;
}

/* "W: Projects": a rule has filed the next message there. */
static bool set_filed(struct view target)
{
	struct account_filed_reason reason = {.kind = RULES_FILEINTO,
	    .program = 1,
	    .version = 1,
	    .line = 5,
	    .why_line = 4,
	    .rule = 2,
	    .script = VIEW("main"),
	    .rule_name = VIEW("Work"),
	    .why = VIEW("address \"from\" is \"bert@a.example\""),
	    .target = target,
	    .flags = VIEW("$work \\Seen")};
	return account_filed_add(&stage.filed, &reason) == 0;
}

static void ask_once(unsigned who, enum mail_type type, const void *question)
{
	struct mail_session session = {0};
	mail_session_open(&session, who);
	account_client_ask(&session.client, 1, type, question);
	script_world_settle();
	mail_session_close(&session);
	script_world_settle();
}

/* "G: alice bob read": alice gives bob rights to her INBOX, and bob accepts: read, write or none. */
static bool grant(struct view argument)
{
	struct view owner, who, what;
	char address[64], from[64];
	if (!view_next(&argument, ' ', &owner) || !view_next(&argument, ' ', &who) ||
	    !view_next(&argument, ' ', &what) || person(owner) == 0 || person(who) == 0)
		return false;
	begin();
	snprintf(address, sizeof address, "%.*s@example.test", VIEW_FMT(who));
	snprintf(from, sizeof from, "%.*s@example.test", VIEW_FMT(owner));
	uint64_t rights = RIGHT_LOOKUP | RIGHT_READ | RIGHT_SEEN;
	if (view_equal(what, VIEW("write")))
		rights |= RIGHT_WRITE | RIGHT_INSERT | RIGHT_DELETE | RIGHT_EXPUNGE;
	else if (view_equal(what, VIEW("none")))
		rights = 0;
	struct mail_grant given = {
	    .mailbox = MAILBOX_INBOX, .rights = rights, .who = view_from_string(address)};
	struct mail_share taken = {
	    .state = MAIL_SHARE_ACCEPTED, .owner = view_from_string(from), .path = VIEW("INBOX")};
	ask_once(person(owner), MAIL_GRANT_SET, &given);
	ask_once(person(who), MAIL_SHARE_SET, &taken);
	return true;
}

static bool direct(char letter, struct view argument)
{
	switch (letter) {
	case '0':
		end();
		memset(&stage, 0, sizeof stage);
		buf_init(&stage.draft, DRAFT_MAX);
		buf_init(&stage.sender, SENDER_RESULTS_MAX);
		buf_init(&stage.filed, ACCOUNT_FILED_MAX);
		return true;
	case 'K':
		stage.who = person(argument);
		return stage.who > 0;
	case 'B':
		buf_append(&stage.draft, argument);
		buf_append(&stage.draft, VIEW("\r\n"));
		return true;
	case 'M':
		return deliver(argument);
	case 'G':
		return grant(argument);
	case 'V':
		return set_sender(argument);
	case 'W':
		return set_filed(argument);
	default:
		return false;
	}
}

static struct view delivered(void)
{
	return (struct view){0};
}

int main(int argc, char **argv)
{
	static const struct stage jmap = {.open = open_session,
	    .feed = feed,
	    .close = close_session,
	    .direct = direct,
	    .is_closed = is_closed,
	    .delivered = delivered,
	    .settle = settle};
	int status = play_main(argc, argv, &jmap);
	end();
	return status;
}
