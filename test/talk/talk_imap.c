/*
 * The stage for IMAP transcripts: the real store role's rights over a store in memory, and a session for each
 * client of the transcript. alice, bob and carol have accounts; "right horse" is everybody's password.
 */
#include <stdio.h>
#include <string.h>

#include "../unit/role/store/mail_world.h"
#include "../unit/store/support.h"
#include "base/container.h"
#include "base/mem.h"
#include "directory/directory.h"
#include "imap/imap_session.h"
#include "play.h"

enum { NOW = 1800000000, DRAFT_MAX = 1 << 20 };

enum pending { NOTHING, LOGIN, TLS };

struct talker {
	struct imap_session *session;
	struct mail_session mail;
	struct buf *out;
	bool has_account, closed;
	enum pending pending;
	bool cancelled, has_response;
	char sasl[1024];
	size_t sasl_len;
};

static const char *const people[] = {"alice", "bob", "carol"};
enum { PEOPLE = sizeof people / sizeof people[0] };

static struct {
	bool begun;
	struct imap_config config;
	struct buf draft;
	struct talker *last; /* whose turn it was */
	struct talker *talkers[16];
	size_t count;
} stage;

/* ---- what a session asks for ---- */

static void keep(struct talker *t, struct view v)
{
	t->pending = LOGIN;
	t->sasl_len = v.len < sizeof t->sasl ? v.len : 0;
	memcpy(t->sasl, v.data ? v.data : "", t->sasl_len);
}

static void login(void *arg, const struct imap_login *l)
{
	struct talker *t = arg;
	t->has_response = l->has_initial;
	keep(t, l->initial);
}

static void login_more(void *arg, struct view response, bool cancel)
{
	struct talker *t = arg;
	t->cancelled = cancel;
	t->has_response = true;
	keep(t, response);
}

static void ask(void *arg, uint32_t request, enum mail_type type, const void *question)
{
	struct talker *t = arg;
	account_client_ask(&t->mail.client, request, type, question);
}

static void logout_account(void *arg)
{
	struct talker *t = arg;
	if (t->has_account)
		mail_session_close(&t->mail);
	t->has_account = false;
}

static void start_tls(void *arg)
{
	struct talker *t = arg;
	t->pending = TLS;
}

static void start_deflate(void *arg)
{
	(void)arg;
}

static void close_connection(void *arg)
{
	struct talker *t = arg;
	t->closed = true;
}

static int64_t now(void *arg)
{
	(void)arg;
	return NOW;
}

static const struct imap_backend backend = {
    .login = login,
    .login_more = login_more,
    .ask = ask,
    .logout_account = logout_account,
    .start_tls = start_tls,
    .start_deflate = start_deflate,
    .close = close_connection,
    .now = now,
};

/* ---- the account's answers ---- */

static void answered(void *arg, uint32_t request, enum mail_type type, const void *answer)
{
	struct talker *t = arg;
	imap_answer(t->session, request, type, answer);
}

static void lost(void *arg)
{
	struct talker *t = arg;
	imap_lost(t->session);
}

static bool full(void *arg)
{
	struct talker *t = arg;
	return buf_view(t->out).len >= IMAP_OUTPUT_HIGH;
}

/* ---- logins ---- */

static unsigned person(struct view name)
{
	for (unsigned i = 0; i < PEOPLE; i++)
		if (view_equal(name, view_from_string(people[i])))
			return i + 1;
	return 0;
}

/* A message of SASL PLAIN: of whom the password is right; 0: of nobody. */
static unsigned who_logs_in(const struct talker *t)
{
	struct view rest = view_of(t->sasl, t->sasl_len), part, name;
	if (!view_next(&rest, '\0', &part) || !view_next(&rest, '\0', &name) ||
	    !view_equal(rest, VIEW("right horse")))
		return 0;
	return person(name);
}

static void answer_login(struct talker *t)
{
	unsigned who = who_logs_in(t);
	char address[64];
	if (t->cancelled) {
		imap_refused(t->session, LOGIN_CANCELLED);
	} else if (!t->has_response) {
		imap_challenge(t->session, VIEW(""));
	} else if (who == 0) {
		imap_refused(t->session, view_ends_nocase(view_of(t->sasl, t->sasl_len), VIEW("two steps"))
		                             ? LOGIN_APP_PASSWORD
		                             : LOGIN_BAD_CREDENTIALS);
	} else {
		t->mail = (struct mail_session){.answered = answered, .lost = lost, .full = full, .arg = t};
		mail_session_open(&t->mail, who);
		t->has_account = true;
		snprintf(address, sizeof address, "%s@example.test", people[who - 1]);
		imap_logged_in(t->session, who, view_from_string(address));
	}
	t->cancelled = false;
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
	assert_int_equal(test_commit(store_role.store, run_people, NULL), 0);
	for (unsigned i = 0; i < PEOPLE; i++)
		mail_world_account(i + 1);
	stage.begun = true;
}

static void end(void)
{
	if (stage.begun)
		mail_world_end();
	stage.begun = false;
	buf_done(&stage.draft);
}

static void *open_session(struct buf *out)
{
	begin();
	struct talker *t = mem_alloc(sizeof *t);
	*t = (struct talker){.out = out};
	t->session = imap_session_new(&stage.config, &backend, t, out);
	stage.last = t;
	if (stage.count < sizeof stage.talkers / sizeof stage.talkers[0])
		stage.talkers[stage.count++] = t;
	return t;
}

static void close_session(void *session)
{
	struct talker *t = session;
	logout_account(t);
	mail_world_settle();
	imap_session_free(t->session);
	for (size_t i = 0; i < stage.count; i++)
		if (stage.talkers[i] == t)
			stage.talkers[i] = stage.talkers[--stage.count];
	mem_free(t);
}

/* Other sessions are told of what this one does, so all go on. */
static void settle(void *session)
{
	(void)session;
	bool more;
	do {
		more = false;
		for (size_t i = 0; i < stage.count; i++) {
			struct talker *t = stage.talkers[i];
			enum pending what = t->pending;
			t->pending = NOTHING;
			if (what == LOGIN)
				answer_login(t);
			else if (what == TLS)
				imap_secured(t->session);
			more = more || what != NOTHING;
		}
		if (stage.begun)
			mail_world_settle();
	} while (more);
}

static size_t feed(void *session, struct view bytes)
{
	struct talker *t = session;
	stage.last = t;
	return t->closed ? bytes.len : imap_feed(t->session, bytes);
}

static bool is_closed(void)
{
	return stage.last && stage.last->closed;
}

static const char *const mechanisms[] = {"PLAIN", NULL};

static const char *const *announced(bool secure)
{
	(void)secure;
	return mechanisms;
}

/* "limit=3": 3; 0 when it is not there. */
static uint32_t number_of(struct view options, const char *name)
{
	size_t len = strlen(name);
	const char *at = memmem(options.data, options.len, name, len);
	struct view rest = at ? view_skip(options, (size_t)(at - options.data) + len) : (struct view){0};
	uint64_t number = 0;
	for (; rest.len > 0 && ascii_is_digit(rest.data[0]); rest = view_skip(rest, 1))
		number = number * 10 + (uint64_t)(rest.data[0] - '0');
	return (uint32_t)number;
}

static bool has(struct view options, const char *word)
{
	return memmem(options.data, options.len, word, strlen(word)) != NULL;
}

/* "M: alice": the lines of B: become a message in the INBOX of alice. */
static bool deliver(struct view who)
{
	begin();
	unsigned account = person(who);
	bool good = account > 0 && mail_world_put(account, MAILBOX_INBOX, 0, NOW, buf_view(&stage.draft)) > 0;
	buf_clear(&stage.draft);
	settle(NULL);
	return good;
}

static bool direct(char letter, struct view argument)
{
	switch (letter) {
	case '0':
		end();
		memset(&stage, 0, sizeof stage);
		buf_init(&stage.draft, DRAFT_MAX);
		stage.config = (struct imap_config){.hostname = VIEW("imap.example.test"),
		    .sieve = VIEW("imap.example.test"),
		    .jmap = VIEW("https://imap.example.test/jmap/session"),
		    .errors_max = 20,
		    .secure = true,
		    .mechanisms = mechanisms,
		    .announced = announced,
		    .language = VIEW("fr"),
		    .message_max = 100000};
		return true;
	case 'O':
		stage.config.secure = has(argument, "secure");
		stage.config.tls_available = has(argument, "tls");
		stage.config.clear_login = has(argument, "clear");
		stage.config.deflate_available = has(argument, "deflate");
		stage.config.message_limit = number_of(argument, "messages=");
		stage.config.save_limit = number_of(argument, "saves=");
		return true;
	case 'B':
		buf_append(&stage.draft, argument);
		buf_append(&stage.draft, VIEW("\r\n"));
		return true;
	case 'M':
		return deliver(argument);
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
	static const struct stage imap = {.open = open_session,
	    .feed = feed,
	    .close = close_session,
	    .direct = direct,
	    .is_closed = is_closed,
	    .delivered = delivered,
	    .settle = settle};
	int status = play_main(argc, argv, &imap);
	end();
	return status;
}
