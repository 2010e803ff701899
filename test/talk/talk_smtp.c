/* The stage for SMTP transcripts: plays auth, store and the rest. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "play.h"
#include "smtp/smtp_session.h"

static struct {
	struct smtp_config config;
	struct smtp_session *session;
	struct buf body, delivered;
	char next_rcpt[32];
	int result;
	struct view words; /* of a refusal */
	bool closed, logged_in;
	unsigned pending; /* what the session waits for */
	enum smtp_stage check_stage;
	struct smtp_verdict verdict;
	struct smtp_verdict at_header, at_end, each[200]; /* of the next message: V */
	bool judges_each;
	int64_t etrn;
	struct buf url_text; /* what URLs show: U */
	int show_error;
	uint64_t show_from;
	char sasl[1024];
	size_t sasl_len;
	bool sasl_initial, cancelled;
	size_t count;
} stage;

enum { CHECK = 1, LOGIN, BODY, DELIVERY, TLS, ETRN, SHOW };

static void check(void *arg, enum smtp_stage at, const struct smtp_envelope *envelope,
    const struct smtp_recipient *recipient)
{
	static const struct smtp_verdict unknown = {
	    SMTP_PERMANENT, 550, "5.1.1", "there is no such mailbox here", false};
	static const struct smtp_verdict relay = {
	    SMTP_PERMANENT, 550, "5.7.1", "this server does not relay to other domains", false};
	static const struct smtp_verdict later = {SMTP_TEMPORARY, 451, "4.3.0", "try again later", false};
	(void)arg;
	stage.pending = CHECK;
	stage.verdict = (struct smtp_verdict){.kind = SMTP_ACCEPT};
	if (at == SMTP_AT_MAIL && view_starts(envelope->terms.sender, VIEW("fast@")))
		stage.verdict = later;
	if (at == SMTP_AT_HEADER)
		stage.verdict = stage.at_header;
	else if (at == SMTP_AT_END)
		stage.verdict = stage.at_end;
	if (at == SMTP_AT_END && stage.judges_each)
		stage.verdict.each = stage.each;
	if (at != SMTP_AT_RCPT)
		return;
	struct view how = view_from_string(stage.next_rcpt);
	if (view_equal(how, VIEW("unknown")) || view_starts(recipient->address, VIEW("nobody@")))
		stage.verdict = unknown;
	else if (view_equal(how, VIEW("relay")) ||
	         view_ends_nocase(recipient->address, VIEW("@elsewhere.test")))
		stage.verdict = relay;
	else if (view_equal(how, VIEW("temporary")) || view_starts(recipient->address, VIEW("later@")))
		stage.verdict = later;
	stage.next_rcpt[0] = '\0';
}

static void login(void *arg, const struct smtp_login *l)
{
	(void)arg;
	stage.pending = LOGIN;
	stage.sasl_initial = l->has_initial;
	stage.sasl_len = l->initial.len < sizeof stage.sasl ? l->initial.len : 0;
	memcpy(stage.sasl, l->initial.data ? l->initial.data : "", stage.sasl_len);
}

static void login_more(void *arg, struct view response, bool cancel)
{
	(void)arg;
	stage.pending = LOGIN;
	stage.cancelled = cancel;
	stage.sasl_initial = true;
	stage.sasl_len = response.len < sizeof stage.sasl ? response.len : 0;
	memcpy(stage.sasl, response.data ? response.data : "", stage.sasl_len);
}

/* Every third piece asks for a pause, so that the session's waiting is played as well. */
static bool body(void *arg, struct view bytes)
{
	static unsigned count;
	(void)arg;
	buf_append(&stage.body, bytes);
	if (++count % 3)
		return true;
	stage.pending = BODY;
	return false;
}

static void deliver(void *arg, const struct smtp_envelope *envelope, const struct message_digest *digest)
{
	(void)arg;
	(void)digest;
	stage.pending = DELIVERY;
	stage.count = envelope->count;
	buf_printf(&stage.delivered, "sender=<%.*s>", VIEW_FMT(envelope->terms.sender));
	for (size_t i = 0; i < envelope->count; i++)
		if (!envelope->recipients[i].dropped)
			buf_printf(
			    &stage.delivered, " recipient=<%.*s>", VIEW_FMT(envelope->recipients[i].path));
	if (envelope->terms.has_priority)
		buf_printf(&stage.delivered, " priority=%d", (int)envelope->terms.priority);
	if (envelope->terms.by_mode != SMTP_BY_NONE)
		buf_printf(&stage.delivered, " by=%lld;%s%s", (long long)envelope->terms.by_time,
		    envelope->terms.by_mode == SMTP_BY_RETURN ? "R" : "N",
		    envelope->terms.by_trace ? "T" : "");
	if (envelope->terms.body != SMTP_7BIT)
		buf_printf(&stage.delivered, " body=%s",
		    envelope->terms.body == SMTP_8BITMIME ? "8BITMIME" : "BINARYMIME");
	if (envelope->terms.hold_until)
		buf_printf(&stage.delivered, " hold=%lld", (long long)envelope->terms.hold_until);
	buf_append_string(&stage.delivered, "\n");
	buf_append(&stage.delivered, buf_view(&stage.body));
}

static void abandon(void *arg)
{
	(void)arg;
	buf_clear(&stage.body);
	stage.at_header = stage.at_end = (struct smtp_verdict){.kind = SMTP_ACCEPT};
	memset(stage.each, 0, sizeof stage.each);
	stage.judges_each = false;
}

static void start_tls(void *arg)
{
	(void)arg;
	stage.pending = TLS;
}

static bool xclient(void *arg, const struct smtp_xclient *attributes)
{
	char text[64];
	struct in_addr address;
	(void)arg;
	snprintf(text, sizeof text, "%.*s", VIEW_FMT(attributes->address));
	return attributes->address.len == 0 || inet_pton(AF_INET, text, &address) == 1;
}

static void etrn(void *arg, struct view domain)
{
	(void)arg;
	stage.pending = ETRN;
	stage.etrn = view_equal(domain, VIEW("backup.test"))          ? 3
	             : view_equal(domain, VIEW("idle.test"))          ? 0
	             : view_equal(domain, VIEW("xn--bcher-kva.test")) ? -EAGAIN
	                                                              : -EACCES;
}

static void close_connection(void *arg)
{
	(void)arg;
	stage.closed = true;
}

static int64_t now(void *arg)
{
	(void)arg;
	return 1000000000;
}

static void show(void *arg, struct view url, uint64_t offset)
{
	(void)arg;
	stage.pending = SHOW;
	stage.show_from = offset;
	stage.show_error = view_starts(url, VIEW("imap://none/"))        ? -ENOENT
	                   : view_starts(url, VIEW("imap://denied/"))    ? -EACCES
	                   : view_starts(url, VIEW("imap://elsewhere/")) ? -EXDEV
	                   : view_starts(url, VIEW("imap://binary/"))    ? -EOPNOTSUPP
	                   : view_starts(url, VIEW("imap://later/"))     ? -EAGAIN
	                   : view_starts(url, VIEW("imap://"))           ? 0
	                                                                 : -EINVAL;
}

static const struct smtp_backend backend = {check, login, login_more, body, NULL, deliver, abandon, start_tls,
    xclient, etrn, close_connection, now, show};

/* In pieces, so that the session asks for the next one. */
static void answer_show(void)
{
	enum { PIECE = 11 };
	struct view rest = view_skip(buf_view(&stage.url_text), (size_t)stage.show_from);
	smtp_shown(stage.session, view_take(rest, PIECE), rest.len <= PIECE, stage.show_error);
}

static void *open_session(struct buf *out)
{
	stage.session = smtp_session_new(&stage.config, &backend, NULL, out);
	smtp_start(stage.session);
	return stage.session;
}

static void answer_login(void)
{
	static const char good[] = "\0alice@example.test\0right";
	if (stage.cancelled)
		smtp_refused(stage.session, LOGIN_CANCELLED);
	else if (!stage.sasl_initial)
		smtp_challenge(stage.session, VIEW(""));
	else if (stage.sasl_len == sizeof good - 1 && memcmp(stage.sasl, good, sizeof good - 1) == 0)
		smtp_logged_in(stage.session, VIEW("alice@example.test"));
	else
		smtp_refused(
		    stage.session, view_ends_nocase(view_of(stage.sasl, stage.sasl_len), VIEW("two steps"))
		                       ? LOGIN_APP_PASSWORD
		                       : LOGIN_BAD_CREDENTIALS);
	stage.cancelled = false;
}

static void settle(void *session)
{
	int results[200];
	struct view texts[200];
	(void)session;
	while (stage.pending) {
		unsigned what = stage.pending;
		stage.pending = 0;
		if (what == CHECK)
			smtp_checked(stage.session, &stage.verdict);
		else if (what == LOGIN)
			answer_login();
		else if (what == BODY)
			smtp_body_ready(stage.session);
		else if (what == TLS)
			smtp_secured(stage.session);
		else if (what == ETRN)
			smtp_etrn_done(stage.session, stage.etrn);
		else if (what == SHOW)
			answer_show();
		if (what != DELIVERY)
			continue;
		for (size_t i = 0; i < stage.count; i++)
			results[i] = stage.result, texts[i] = stage.words;
		stage.result = 0;
		smtp_delivered(stage.session, results, texts, stage.count, VIEW("ID"));
	}
}

static void set_options(struct view rest)
{
	struct view word;
	while (rest.len && view_next(&rest, ' ', &word)) {
		if (view_equal(word, VIEW("secure")))
			stage.config.secure = true;
		else if (view_equal(word, VIEW("tls")))
			stage.config.tls_available = true;
		else if (view_equal(word, VIEW("clear")))
			stage.config.clear_login = true;
		else if (view_equal(word, VIEW("xclient")))
			stage.config.xclient = true;
		else if (view_equal(word, VIEW("trusted")))
			stage.config.trusted = true;
		else if (view_equal(word, VIEW("etrn")))
			stage.config.etrn = true;
		else if (view_equal(word, VIEW("sender")))
			stage.config.writes_sender = true;
		else if (view_equal(word, VIEW("hold")))
			stage.config.hold_max = 86400;
		else if (view_equal(word, VIEW("local")))
			stage.config.local_user = VIEW("root");
		else if (view_equal(word, VIEW("small")))
			stage.config.size_max = 65536;
	}
}

static const char *const mechanisms[] = {"PLAIN", NULL};

static const char *const *announced(bool secure)
{
	(void)secure;
	return mechanisms;
}

static struct smtp_verdict verdict_of(struct view word)
{
	struct smtp_verdict v = {.kind = SMTP_ACCEPT};
	if (view_equal(word, VIEW("temporary")))
		v = (struct smtp_verdict){SMTP_TEMPORARY, 451, "4.7.1", "come again later", .each = NULL};
	else if (view_equal(word, VIEW("permanent")))
		v = (struct smtp_verdict){SMTP_PERMANENT, 550, "5.7.1", "not this message", .each = NULL};
	else if (view_equal(word, VIEW("discard")))
		v.kind = SMTP_DISCARD;
	else if (view_equal(word, VIEW("close")))
		v = (struct smtp_verdict){SMTP_PERMANENT, 554, "5.7.1", "never again", .close = true};
	else if (view_equal(word, VIEW("own")))
		v.own_author = true;
	else if (view_equal(word, VIEW("note")))
		v.text = "others cannot verify it";
	return v;
}

/* "header own", "end discard", "2 permanent": what is said of the next message, or its recipient. */
static void set_verdict(struct view argument)
{
	struct view where = {0};
	uint64_t number = 0;
	view_next(&argument, ' ', &where);
	if (view_equal(where, VIEW("header"))) {
		stage.at_header = verdict_of(argument);
	} else if (view_equal(where, VIEW("end"))) {
		stage.at_end = verdict_of(argument);
	} else if (view_to_u64(where, 200, &number) && number > 0) {
		stage.judges_each = true;
		stage.each[number - 1] = verdict_of(argument);
	}
}

static bool direct(char letter, struct view argument)
{
	switch (letter) {
	case '0':
		buf_done(&stage.body);
		buf_done(&stage.delivered);
		buf_done(&stage.url_text);
		memset(&stage, 0, sizeof stage);
		buf_init(&stage.body, 1 << 24);
		buf_init(&stage.delivered, 1 << 24);
		buf_init(&stage.url_text, 1 << 16);
		stage.config = (struct smtp_config){.hostname = VIEW("mx.example.test"),
		    .client_address = VIEW("192.0.2.1"),
		    .id = VIEW("session1"),
		    .mechanisms = mechanisms,
		    .announced = announced,
		    .size_max = 1 << 20,
		    .recipients_max = 5,
		    .received_max = 10,
		    .errors_max = 10};
		return true;
	case 'K':
		stage.config.kind = view_equal(argument, VIEW("lmtp"))         ? SMTP_LMTP
		                    : view_equal(argument, VIEW("submission")) ? SMTP_SUBMISSION
		                                                               : SMTP_RELAY;
		return true;
	case 'O':
		set_options(argument);
		return true;
	case 'A':
		memcpy(stage.next_rcpt, argument.data, argument.len < 31 ? argument.len : 31);
		return true;
	case 'U':
		buf_append(&stage.url_text, argument);
		buf_append_string(&stage.url_text, "\r\n");
		return true;
	case 'V':
		set_verdict(argument);
		return true;
	case 'F':
		stage.words = view_equal(argument, VIEW("refused")) ? VIEW("Not now.\nNever, \"really\".")
		                                                    : (struct view){0};
		stage.result = view_equal(argument, VIEW("disk-full"))   ? -ENOSPC
		               : view_equal(argument, VIEW("broken"))    ? -EIO
		               : view_equal(argument, VIEW("gone"))      ? -ENOENT
		               : view_equal(argument, VIEW("full"))      ? -EDQUOT
		               : view_equal(argument, VIEW("too-large")) ? -EFBIG
		               : view_equal(argument, VIEW("refused"))   ? -EPERM
		               : view_equal(argument, VIEW("unwanted"))  ? -EPERM
		                                                         : 0;
		return true;
	default:
		return false;
	}
}

static size_t feed(void *session, struct view bytes)
{
	return smtp_feed(session, bytes);
}

static void close_session(void *session)
{
	smtp_session_free(session);
}

static bool is_closed(void)
{
	return stage.closed;
}

static struct view delivered(void)
{
	return buf_view(&stage.delivered);
}

int main(int argc, char **argv)
{
	static const struct stage smtp = {
	    open_session, feed, close_session, direct, is_closed, delivered, settle, false, NULL};
	int status = play_main(argc, argv, &smtp);
	direct('0', (struct view){0});
	buf_done(&stage.body);
	buf_done(&stage.delivered);
	return status;
}
