/* The POP3 session behind a buffer, played whole and in pieces: the same replies, the same deletions. */
#include "fuzz.h"

#include <string.h>

#include "base/buf.h"
#include "pop3/pop3_session.h"

static const char *const messages[] = {"Subject: a\r\n\r\n.x\r\n", "", "b\n.\nc", "\r\n.\r\n"};
enum { MESSAGES = 4, LOGIN = 1, OPEN, FETCH, EXPUNGE, TLS };

struct play {
	struct pop3_session *session;
	struct buf out;
	unsigned pending;
	bool closed, has_response, cancelled, good;
	uint32_t index;
	uint64_t offset, length, deleted;
};

static void login(void *arg, const struct pop3_login *l)
{
	struct play *p = arg;
	p->pending = LOGIN;
	p->has_response = l->has_initial;
	p->good = l->initial.len > 0 && memchr(l->initial.data, 'g', l->initial.len);
	touch(l->initial);
}

static void login_more(void *arg, struct view response, bool cancel)
{
	struct play *p = arg;
	p->pending = LOGIN;
	p->has_response = true;
	p->cancelled = cancel;
	p->good = response.len > 0;
	touch(response);
}

static void open_maildrop(void *arg)
{
	((struct play *)arg)->pending = OPEN;
}

static void fetch(void *arg, uint32_t index, uint64_t offset, uint64_t length)
{
	struct play *p = arg;
	check(index < MESSAGES && offset <= strlen(messages[index]));
	p->pending = FETCH;
	p->index = index;
	p->offset = offset;
	p->length = length;
}

static void expunge(void *arg, const uint32_t *indexes, size_t count)
{
	struct play *p = arg;
	p->pending = EXPUNGE;
	check(count > 0 && count <= MESSAGES);
	for (size_t i = 0; i < count; i++)
		p->deleted |= 1u << indexes[i];
}

static void start_tls(void *arg)
{
	((struct play *)arg)->pending = TLS;
}

static void close_session(void *arg)
{
	((struct play *)arg)->closed = true;
}

static const struct pop3_backend backend = {
    login, login_more, open_maildrop, fetch, expunge, start_tls, close_session};

static void answer_login(struct play *p)
{
	if (p->cancelled)
		pop3_refused(p->session, LOGIN_CANCELLED);
	else if (!p->has_response)
		pop3_challenge(p->session, VIEW("x"));
	else if (p->good)
		pop3_logged_in(p->session);
	else
		pop3_refused(p->session, LOGIN_BAD_CREDENTIALS);
	p->cancelled = false;
}

static void answer_fetch(struct play *p)
{
	struct view rest = view_skip(view_from_string(messages[p->index]), p->offset);
	rest = view_take(rest, p->length < rest.len ? (size_t)p->length : rest.len);
	do {
		struct view piece = view_take(rest, 2);
		rest = view_skip(rest, 2);
		pop3_piece(p->session, piece, rest.len == 0, 0);
	} while (rest.len > 0);
}

static void settle(struct play *p)
{
	while (p->pending && !p->closed) {
		unsigned what = p->pending;
		p->pending = 0;
		if (what == LOGIN) {
			answer_login(p);
		} else if (what == OPEN) {
			for (uint32_t i = 0; i < MESSAGES; i++)
				check(pop3_entry(p->session, &(struct pop3_entry){.size = strlen(messages[i]),
				                                 .id = i,
				                                 .binary = i == 2,
				                                 .uidl = i == 2 ? VIEW("own") : VIEW("")}));
			pop3_opened(p->session, POP3_OPENED);
		} else if (what == FETCH) {
			answer_fetch(p);
		} else if (what == EXPUNGE) {
			pop3_expunged(p->session, 0);
		} else {
			pop3_secured(p->session);
		}
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
	size_t taken = pop3_feed(p->session, bytes);
	settle(p);
	return taken;
}

static void play(struct play *p, uint8_t options, struct view said, size_t piece)
{
	struct pop3_config config = {.hostname = VIEW("pop.example.test"),
	    .errors_max = 20,
	    .mechanisms = announced(false),
	    .announced = announced,
	    .tls_available = options & 1,
	    .secure = options & 2,
	    .clear_login = options & 4,
	    .apop_stamp = options & 8 ? VIEW("<1@x>") : VIEW("")};
	buf_init(&p->out, 1 << 24);
	p->session = pop3_session_new(&config, &backend, p, &p->out);
	feed_in_pieces(said, piece, feed, p, &p->closed);
	pop3_session_free(p->session);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t pieces[] = {1, 5};
	struct play whole = {0};
	if (size == 0)
		return 0;
	struct view said = view_of(data + 1, size - 1);
	play(&whole, data[0], said, SIZE_MAX);
	for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
		struct play parts = {0};
		play(&parts, data[0], said, pieces[i]);
		check(view_equal(buf_view(&whole.out), buf_view(&parts.out)));
		check(whole.deleted == parts.deleted && whole.closed == parts.closed);
		buf_done(&parts.out);
	}
	/* Deletions happen at QUIT only. */
	check(whole.deleted == 0 || whole.closed);
	buf_done(&whole.out);
	return 0;
}
