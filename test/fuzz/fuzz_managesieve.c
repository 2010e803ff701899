/* The ManageSieve session behind a buffer, played whole and in pieces: the same responses, which keep the
 * grammar of RFC 5804 section 4, and the same scripts behind them. */
#include "fuzz.h"

#include <string.h>

#include "../talk/script_world.h"
#include "managesieve/managesieve_session.h"

struct play {
	struct managesieve_session *session;
	struct script_world *world;
	struct buf out;
	bool closed, asks_login, asks_tls, has_response, cancelled, good, scram;
	unsigned step;
};

static void login(void *arg, const struct managesieve_login *l)
{
	struct play *p = arg;
	p->asks_login = true;
	p->step = 0;
	p->scram = view_starts_nocase(l->mechanism, VIEW("SCRAM-"));
	p->has_response = l->has_initial;
	p->good = l->initial.len > 0 && memchr(l->initial.data, 'g', l->initial.len);
	touch(l->initial);
}

static void login_more(void *arg, struct view response, bool cancel)
{
	struct play *p = arg;
	p->asks_login = true;
	p->has_response = true;
	p->cancelled = cancel;
	p->good = response.len > 0;
	touch(response);
}

static void ask(void *arg, uint32_t request, unsigned type, const void *question)
{
	script_world_ask(((struct play *)arg)->world, request, type, question);
}

static void logout_account(void *arg)
{
	script_world_close(((struct play *)arg)->world);
}

static void start_tls(void *arg)
{
	((struct play *)arg)->asks_tls = true;
}

static void close_session(void *arg)
{
	struct play *p = arg;
	check(!p->closed);
	p->closed = true;
}

static const struct managesieve_backend backend = {
    login, login_more, ask, logout_account, start_tls, close_session};

static void answer_login(struct play *p)
{
	bool cancelled = p->cancelled;
	p->asks_login = p->cancelled = false;
	if (cancelled)
		managesieve_refused(p->session, LOGIN_CANCELLED);
	else if (!p->has_response)
		managesieve_challenge(p->session, VIEW("x"));
	else if (p->scram && p->step++ == 0)
		managesieve_challenge(p->session, VIEW("v=x"));
	else if (p->good || p->scram)
		managesieve_logged_in(p->session, VIEW("alice@example.test"));
	else
		managesieve_refused(p->session, LOGIN_BAD_CREDENTIALS);
}

static void answer(void *arg, uint32_t request, unsigned type, const void *said)
{
	managesieve_answer(((struct play *)arg)->session, request, type, said);
}

static void settle(struct play *p)
{
	while ((p->asks_login || p->asks_tls) && !p->closed) {
		bool tls = p->asks_tls;
		p->asks_tls = false;
		if (tls)
			managesieve_secured(p->session);
		else
			answer_login(p);
	}
	if (!p->closed)
		script_world_answer(p->world, answer, p);
}

static const char *const *announced(bool secure)
{
	static const char *const mechanisms[] = {"PLAIN", "SCRAM-SHA-1", NULL};
	(void)secure;
	return mechanisms;
}

static size_t feed(void *arg, struct view bytes)
{
	struct play *p = arg;
	size_t taken = managesieve_feed(p->session, bytes);
	settle(p);
	return taken;
}

static void play(struct play *p, uint8_t options, struct view said, size_t piece)
{
	struct managesieve_config config = {.hostname = VIEW("mail.example.test"),
	    .errors_max = 20,
	    .mechanisms = announced(false),
	    .announced = announced,
	    .tls_available = options & 1,
	    .secure = options & 2,
	    .clear_login = options & 4,
	    .extensions = VIEW("fileinto"),
	    .notify = VIEW("mailto"),
	    .redirects_max = 4};
	buf_init(&p->out, 1 << 24);
	p->world = script_world_new();
	p->session = managesieve_session_new(&config, &backend, p, &p->out);
	feed_in_pieces(said, piece, feed, p, &p->closed);
	managesieve_session_free(p->session);
}

/* A string at the beginning of what is left, taken off; a literal's octets are passed over. */
static bool take_string(struct view *rest)
{
	size_t i = 1;
	uint64_t size = 0;
	if (rest->len == 0 || (rest->data[0] != '"' && rest->data[0] != '{'))
		return false;
	if (rest->data[0] == '{') {
		ptrdiff_t end = view_find(*rest, '}');
		check(end > 0 && view_to_u64(view_of(rest->data + 1, (size_t)end - 1), 1 << 24, &size));
		*rest = view_skip(*rest, (size_t)end + 1);
		check(view_starts(*rest, VIEW("\r\n")) && size + 2 <= rest->len);
		*rest = view_skip(*rest, 2 + (size_t)size);
		return true;
	}
	for (; i < rest->len && rest->data[i] != '"'; i++) {
		check(rest->data[i] != '\r' && rest->data[i] != '\n');
		i += rest->data[i] == '\\';
	}
	check(i < rest->len);
	*rest = view_skip(*rest, i + 1);
	return true;
}

static bool take_word(struct view *rest, struct view word)
{
	bool there = view_starts(*rest, word);
	if (there)
		*rest = view_skip(*rest, word.len);
	return there;
}

/* " (CODE ...)" */
static void take_code(struct view *rest)
{
	size_t i = 0;
	if (!take_word(rest, VIEW(" (")))
		return;
	while (
	    i < rest->len && (ascii_is_alnum(rest->data[i]) || rest->data[i] == '-' || rest->data[i] == '/'))
		i++;
	check(i > 0);
	*rest = view_skip(*rest, i);
	if (take_word(rest, VIEW(" ")))
		check(take_string(rest));
	check(take_word(rest, VIEW(")")));
}

static void keeps_grammar(struct view said)
{
	while (said.len) {
		if (take_string(&said)) {
			if (take_word(&said, VIEW(" ")))
				check(take_string(&said) || take_word(&said, VIEW("ACTIVE")));
		} else {
			check(take_word(&said, VIEW("OK")) || take_word(&said, VIEW("NO")) ||
			      take_word(&said, VIEW("BYE")));
			take_code(&said);
			check(take_word(&said, VIEW(" ")) && take_string(&said));
		}
		check(take_word(&said, VIEW("\r\n")));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t pieces[] = {1, 5};
	struct play whole = {0};
	struct buf scripts, others;
	if (size == 0)
		return 0;
	struct view said = view_of(data + 1, size - 1);
	buf_init(&scripts, 1 << 20);
	buf_init(&others, 1 << 20);
	play(&whole, data[0], said, SIZE_MAX);
	keeps_grammar(buf_view(&whole.out));
	script_world_show(whole.world, &scripts);
	for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
		struct play parts = {0};
		play(&parts, data[0], said, pieces[i]);
		check(view_equal(buf_view(&whole.out), buf_view(&parts.out)));
		buf_clear(&others);
		script_world_show(parts.world, &others);
		check(view_equal(buf_view(&scripts), buf_view(&others)) && whole.closed == parts.closed);
		buf_done(&parts.out);
		script_world_free(parts.world);
	}
	script_world_free(whole.world);
	buf_done(&scripts);
	buf_done(&others);
	buf_done(&whole.out);
	return 0;
}
