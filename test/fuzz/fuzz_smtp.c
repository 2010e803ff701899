/*
 * The SMTP session behind a buffer. The first byte chooses kind and options; the rest is what the client
 * says. Played whole and in pieces: the replies and what is delivered must be the same, and no reply line may
 * hold what ends it early.
 */
#include "fuzz.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "smtp/smtp_session.h"

struct play {
	struct smtp_session *session;
	struct buf out;
	uint64_t body, came, delivered, abandoned;
	unsigned pending;
	struct smtp_verdict verdict;
	bool closed, has_response, cancelled;
	struct view shown; /* of a URL, from where it was asked for */
	int show_error;
	size_t count;
};

enum { CHECK = 1, LOGIN, BODY, DELIVERY, TLS, ETRN, SHOW };

static void check_stage(void *arg, enum smtp_stage at, const struct smtp_envelope *envelope,
    const struct smtp_recipient *recipient)
{
	struct play *p = arg;
	p->pending = CHECK;
	p->verdict = (struct smtp_verdict){.kind = SMTP_ACCEPT};
	touch(envelope->terms.sender);
	touch(envelope->terms.envid);
	char letter = envelope->terms.sender.len ? envelope->terms.sender.data[0] : '\0';
	/* The sender's first letter says how its message is answered, at the header's end or at its own. */
	if (at == SMTP_AT_HEADER)
		p->verdict = letter == 'h'
		                 ? (struct smtp_verdict){.kind = SMTP_TEMPORARY}
		                 : (struct smtp_verdict){.kind = SMTP_ACCEPT, .own_author = letter == 'o'};
	else if (at == SMTP_AT_END && (letter == 'd' || letter == 'p'))
		p->verdict.kind = letter == 'd' ? SMTP_DISCARD : SMTP_PERMANENT;
	if (at != SMTP_AT_RCPT)
		return;
	touch(recipient->path);
	touch(recipient->address);
	touch(recipient->orcpt);
	/* A recipient's first letter says how it is answered. */
	if (recipient->address.len && recipient->address.data[0] == 'x')
		p->verdict = (struct smtp_verdict){
		    .kind = SMTP_PERMANENT, .code = 550, .enhanced = "5.1.1", .text = "no"};
}

static void login(void *arg, const struct smtp_login *l)
{
	struct play *p = arg;
	p->pending = LOGIN;
	p->has_response = l->has_initial;
	touch(l->initial);
	touch(l->mechanism);
}

static void login_more(void *arg, struct view response, bool cancel)
{
	struct play *p = arg;
	p->pending = LOGIN;
	p->has_response = true;
	p->cancelled = cancel;
	touch(response);
}

static bool take_body(void *arg, struct view bytes)
{
	struct play *p = arg;
	touch(bytes);
	p->body += bytes.len;
	/* By position, not by call, so that all ways of playing pause alike. */
	if (p->body % 5 != 0)
		return true;
	p->pending = BODY;
	return false;
}

/* However the input is cut, a message that is delivered came in the same octets. */
static void take_octets(void *arg, struct view bytes)
{
	struct play *p = arg;
	check(bytes.len > 0);
	touch(bytes);
	p->came += bytes.len;
}

static void deliver(void *arg, const struct smtp_envelope *envelope, const struct message_digest *digest)
{
	struct play *p = arg;
	touch(digest->summary);
	touch(digest->trailer);
	check(envelope->count > 0);
	check(envelope->terms.priority >= -9 && envelope->terms.priority <= 9 &&
	      (envelope->terms.has_priority || envelope->terms.priority == 0));
	check(envelope->terms.by_mode != SMTP_BY_RETURN ||
	      envelope->terms.by_time > envelope->terms.hold_until);
	check(envelope->terms.hold_until == 0 ||
	      (envelope->terms.hold_until > 1000000000 && envelope->terms.hold_until <= 1000086400));
	p->pending = DELIVERY;
	p->count = envelope->count;
	p->delivered += p->body + p->came + 1;
}

static void abandon(void *arg)
{
	struct play *p = arg;
	p->body = p->came = 0;
	p->abandoned++;
}

static void start_tls(void *arg)
{
	((struct play *)arg)->pending = TLS;
}

static bool xclient(void *arg, const struct smtp_xclient *attributes)
{
	(void)arg;
	touch(attributes->address);
	touch(attributes->login);
	return attributes->address.len % 3 != 2;
}

static void etrn(void *arg, struct view domain)
{
	check(domain.len > 0 && domain.len < 256);
	touch(domain);
	((struct play *)arg)->pending = ETRN;
}

/* A URL shows itself; the first one of "!" cannot be had. */
static void show(void *arg, struct view url, uint64_t offset)
{
	struct play *p = arg;
	check(url.len > 0 && offset <= url.len);
	p->shown = view_skip(url, (size_t)offset);
	p->show_error = url.data[0] == '!' ? -EAGAIN : 0;
	p->pending = SHOW;
}

static void close_session(void *arg)
{
	((struct play *)arg)->closed = true;
}

static int64_t now(void *arg)
{
	(void)arg;
	return 1000000000;
}

static const struct smtp_backend backend = {check_stage, login, login_more, take_body, take_octets, deliver,
    abandon, start_tls, xclient, etrn, close_session, now, show};

static void settle(struct play *p)
{
	int results[128] = {0};
	while (p->pending && !p->closed) {
		unsigned what = p->pending;
		p->pending = 0;
		if (what == CHECK)
			smtp_checked(p->session, &p->verdict);
		else if (what == LOGIN && p->cancelled)
			smtp_refused(p->session, LOGIN_CANCELLED);
		else if (what == LOGIN && !p->has_response)
			smtp_challenge(p->session, VIEW("challenge"));
		else if (what == LOGIN)
			smtp_logged_in(p->session, VIEW("alice@example.test"));
		else if (what == BODY)
			smtp_body_ready(p->session);
		else if (what == TLS)
			smtp_secured(p->session);
		else if (what == ETRN)
			smtp_etrn_done(p->session, 1);
		else if (what == SHOW)
			smtp_shown(p->session, view_take(p->shown, 5), p->shown.len <= 5, p->show_error);
		else
			smtp_delivered(p->session, results, NULL, p->count, VIEW("ID"));
		p->cancelled = false;
	}
}

static const char *const *announced(bool secure)
{
	static const char *const mechanisms[] = {"PLAIN", NULL};
	(void)secure;
	return mechanisms;
}

static size_t feed(void *arg, struct view bytes)
{
	struct play *p = arg;
	size_t taken = smtp_feed(p->session, bytes);
	settle(p);
	return taken;
}

static void play(struct play *p, uint8_t options, struct view said, size_t piece)
{
	struct smtp_config config = {.kind = (enum smtp_kind)(options % 3),
	    .hostname = VIEW("mx.example.test"),
	    .client_address = VIEW("192.0.2.1"),
	    .id = VIEW("id"),
	    .mechanisms = announced(false),
	    .announced = announced,
	    .size_max = 4096,
	    .recipients_max = 4,
	    .received_max = 4,
	    .errors_max = 100,
	    .secure = options & 4,
	    .tls_available = true,
	    .clear_login = options & 8,
	    .xclient = options & 16,
	    .trusted = options & 32,
	    .etrn = options & 64,
	    .hold_max = options & 128 ? 86400 : 0};
	buf_init(&p->out, 1 << 24);
	p->session = smtp_session_new(&config, &backend, p, &p->out);
	smtp_start(p->session);
	settle(p);
	feed_in_pieces(said, piece, feed, p, &p->closed);
	smtp_session_free(p->session);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t pieces[] = {1, 3, 17};
	struct play whole = {0};
	if (size == 0)
		return 0;
	struct view said = view_of(data + 1, size - 1);
	play(&whole, data[0], said, SIZE_MAX);
	for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
		struct play parts = {0};
		play(&parts, data[0], said, pieces[i]);
		check(view_equal(buf_view(&whole.out), buf_view(&parts.out)));
		check(whole.delivered == parts.delivered && whole.closed == parts.closed);
		buf_done(&parts.out);
	}
	struct view rest = buf_view(&whole.out), line;
	while (rest.len && view_next(&rest, '\n', &line)) {
		check(line.len > 0 && line.data[line.len - 1] == '\r');
		check(view_find(view_take(line, line.len - 1), '\r') < 0 && view_find(line, '\0') < 0);
	}
	buf_done(&whole.out);
	return 0;
}
