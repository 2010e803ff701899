/*
 * The SMTP client before a hostile host. The first byte chooses the configuration; the rest is what the host
 * says. Played whole and in pieces: what is told and said must be the same, every recipient is told once, and
 * nothing follows the end.
 */
#include "fuzz.h"

#include "base/buf.h"
#include "smtp/smtp_client.h"

enum { COUNT = 3, MESSAGES = 4 };

struct play {
	struct smtp_client *client;
	struct buf out, events;
	struct smtp_client_transaction transaction;
	unsigned messages, told;
	size_t written, piece;
	bool open, secured, ended, closed;
};

static const struct smtp_client_recipient recipients[COUNT] = {
    {{"b@there.test", 12}, {"NEVER", 5}, {"rfc822;b@there.test", 19}},
    {{"c@there.test", 12}, {NULL, 0}, {NULL, 0}},
    {{"\"d e\"@there.test", 16}, {NULL, 0}, {NULL, 0}},
};

static void tell(struct play *p, char what, const struct smtp_client_reply *reply)
{
	check(!p->closed);
	touch(reply->enhanced);
	check(reply->text.len <= SMTP_CLIENT_TEXT_MAX && smtp_client_stage_name(reply->stage) != NULL);
	check(reply->code == 0 || (reply->code >= 200 && reply->code < 600));
	for (size_t i = 0; i < reply->text.len; i++)
		check((unsigned char)reply->text.data[i] >= ' ' || reply->text.data[i] == '\n');
	buf_printf(&p->events, "%c%u %.*s %.*s %d\n", what, reply->code, VIEW_FMT(reply->enhanced),
	    VIEW_FMT(reply->text), (int)reply->stage);
}

static void on_start_tls(void *arg)
{
	struct play *p = arg;
	check(!p->ended && !p->open);
	p->secured = true;
}

static void on_recipient(void *arg, size_t index, const struct smtp_client_reply *reply)
{
	struct play *p = arg;
	check(p->open && index < p->transaction.count && !(p->told & 1u << index));
	p->told |= 1u << index;
	tell(p, (char)('0' + index), reply);
}

static void on_done(void *arg)
{
	struct play *p = arg;
	check(p->open && p->told == (1u << p->transaction.count) - 1);
	p->open = false;
	buf_append_byte(&p->events, 'D');
}

static void on_failed(void *arg, enum smtp_client_failure failure, const struct smtp_client_reply *reply)
{
	struct play *p = arg;
	check(!p->ended && !p->open && smtp_client_failure_name(failure) != NULL);
	p->ended = true;
	tell(p, (char)('a' + (int)failure), reply);
}

static void on_close(void *arg)
{
	struct play *p = arg;
	check(!p->closed);
	p->closed = true;
	buf_append_byte(&p->events, 'X');
}

/* Messages differ in their number of recipients, their kind and whether their size is known. */
static void send_one(struct play *p)
{
	struct smtp_client_lack lack;
	unsigned n = p->messages++;
	p->transaction = (struct smtp_client_transaction){.terms.sender = VIEW("a@here.test"),
	    .terms.body = (enum smtp_body_kind)(n % 3),
	    .size = n % 2 ? 0 : 26,
	    .recipients = recipients,
	    .count = 1 + n % COUNT,
	    .terms.requiretls = n == 3,
	    .terms.ret = RET_FULL,
	    .terms.by_mode = SMTP_BY_NOTIFY,
	    .by_seconds = 60};
	if (smtp_client_accepts(p->client, &p->transaction, &lack) == SMTP_CLIENT_CONVERTS)
		p->transaction.terms.body = SMTP_7BIT;
	p->told = 0;
	p->written = 0;
	p->open = true;
	if (smtp_client_send(p->client, &p->transaction) != 0)
		p->open = false;
}

/* All at once, within the calls: what a host says before it is asked is then met alike in all ways of
 * playing. */
static void on_ready(void *arg)
{
	struct play *p = arg;
	check(!p->ended && !p->open);
	while (!p->open && p->messages < MESSAGES)
		send_one(p);
	if (!p->open)
		smtp_client_quit(p->client);
}

static void on_body(void *arg)
{
	static const char body[] = "Subject: x\r\n\r\n.\r\n..\r\nend\r";
	struct play *p = arg;
	bool more = true;
	check(p->open && !p->ended);
	while (more) {
		struct view piece =
		    view_take(view_skip(view_of(body, sizeof body - 1), p->written), p->piece);
		p->written += piece.len;
		more = smtp_client_body(p->client, piece, p->written == sizeof body - 1);
	}
}

static const struct smtp_client_backend backend = {
    on_start_tls, on_ready, on_body, on_recipient, on_done, on_failed, on_close};

static size_t feed(void *arg, struct view bytes)
{
	struct play *p = arg;
	size_t taken = smtp_client_feed(p->client, bytes);
	if (p->secured)
		smtp_client_secured(p->client, VIEW("exporter"));
	p->secured = false;
	return taken;
}

static void play(struct play *p, uint8_t options, struct view said, size_t piece)
{
	struct smtp_client_config config = {.kind = options & 1 ? SMTP_CLIENT_LMTP : SMTP_CLIENT_SMTP,
	    .hostname = VIEW("here.test"),
	    .tls = (enum smtp_client_tls)(options >> 1 & 3),
	    .user = options & 8 ? VIEW("user") : VIEW(""),
	    .password = VIEW("pencil"),
	    .nonce = options & 16 ? VIEW("rOprNGfwEbeRWgbNEkqO") : VIEW(""),
	    .clear_login = options & 32};
	p->piece = options & 64 ? 7 : 100;
	buf_init(&p->out, 1 << 24);
	buf_init(&p->events, 1 << 24);
	p->client = smtp_client_new(&config, &backend, p, &p->out);
	feed_in_pieces(said, piece, feed, p, &p->closed);
	smtp_client_closed(p->client);
	check(!p->open);
	check(smtp_client_feed(p->client, VIEW("x")) == 1);
	smtp_client_free(p->client);
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
		check(view_equal(buf_view(&whole.events), buf_view(&parts.events)));
		buf_done(&parts.out);
		buf_done(&parts.events);
	}
	buf_done(&whole.out);
	buf_done(&whole.events);
	return 0;
}
