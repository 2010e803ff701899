/* The conversation of `message send`: the client machine of src/smtp on a connection of cli_remote.h,
 * transaction after transaction. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/random.h"
#include "cli/cli_send.h"
#include "format/plain.h"
#include "cli/send_convert.h"
#include "format/domain.h"
#include "io/network.h"
#include "io/tls.h"
#include "smtp/smtp_client_deadline.h"

enum { PIECE = 64 * 1024, BAR = 30, EXPORTER_MAX = 64 };

struct session {
	struct send *s;
	struct remote remote;
	struct smtp_client *client;
	struct smtp_client_config config;
	char hostname[REMOTE_HOST_SIZE], nonce[2 * RANDOM_ID_SIZE], exporter[EXPORTER_MAX];
	size_t exporter_len;
	struct buf converted; /* the message for a server that takes 7 bits only */
	bool ready, body_wanted, quitting, failed;

	/* The transaction. */
	struct smtp_client_transaction transaction;
	struct smtp_client_recipient group[SMTP_CLIENT_RECIPIENTS_MAX];
	size_t numbers[SMTP_CLIENT_RECIPIENTS_MAX]; /* of each in all recipients */
	size_t accepted, offset;

	/* The deadline, and the bar. */
	struct smtp_client_deadline deadline;
	unsigned percent;
};

static void send_next(struct session *c);

/* ---- deadlines, as the RFC has them ---- */

static void set_deadline(struct session *c)
{
	const struct stream *stream = &c->remote.stream;
	unsigned seconds, wished = c->s->options->timeout;
	if (!smtp_client_deadline_changes(
	        &c->deadline, c->client, stream->bytes_out, stream_backlog(stream), &seconds) ||
	    seconds == 0)
		return;
	if (wished > 0 && seconds > wished)
		seconds = wished;
	stream_set_deadline(&c->remote.stream, 1000 * (int64_t)seconds);
}

static const char *on_deadline(void *arg)
{
	struct session *c = arg;
	if (c->quitting) {
		remote_close(&c->remote); /* everything has its answer, but the farewell */
		return NULL;
	}
	/* A server that takes some of the message, however little, goes on. */
	if (c->deadline.sending && c->remote.stream.bytes_out > c->deadline.sent) {
		c->deadline.set = false;
		set_deadline(c);
		return NULL;
	}
	return smtp_client_deadline_text(&c->deadline);
}

/* ---- the bar ---- */

static void show_progress(struct session *c)
{
	size_t backlog = stream_backlog(&c->remote.stream), len = c->transaction.size;
	if (!c->s->progress || len == 0 || c->offset < backlog)
		return;
	unsigned percent = (unsigned)((c->offset - backlog) * 100 / len);
	if (percent == c->percent)
		return;
	static const char bar[] = "##############################";
	struct buf size;
	buf_init(&size, 100);
	plain_size(&size, len);
	c->percent = percent;
	fprintf(stderr, "\r[%-*.*s] %3u%% of %s", BAR, (int)(percent * BAR / 100), bar, percent,
	    buf_string(&size));
	buf_done(&size);
}

static void hide_progress(struct session *c)
{
	if (c->s->progress && c->percent > 0)
		fputs("\r\033[K", stderr);
	c->percent = 0;
}

static void wrote(struct session *c)
{
	remote_wrote(&c->remote);
	set_deadline(c);
	show_progress(c);
}

/* ---- results ---- */

static void keep_reply(struct send_recipient *r, const struct smtp_client_reply *reply)
{
	r->replied = true;
	r->reply = (struct send_reply){.code = reply->code, .stage = reply->stage};
	snprintf(r->reply.status, sizeof r->reply.status, "%.*s", VIEW_FMT(reply->enhanced));
	snprintf(r->reply.text, sizeof r->reply.text, "%.*s", VIEW_FMT(reply->text));
}

static struct send_recipient *in_group(struct session *c, size_t index)
{
	return &c->s->recipients[c->numbers[index]];
}

static void on_recipient(void *arg, size_t index, const struct smtp_client_reply *reply)
{
	struct session *c = arg;
	struct send_recipient *r = in_group(c, index);
	keep_reply(r, reply);
	r->done = !(smtp_client_is_too_many(reply) && index > 0);
	c->accepted += reply->code >= 200 && reply->code < 300;
}

static void on_done(void *arg)
{
	struct session *c = arg;
	c->body_wanted = false;
	/* Those that were too many come with the next transaction, unless none gets anywhere. */
	for (size_t i = 0; i < c->transaction.count && c->accepted == 0; i++)
		in_group(c, i)->done = true;
	hide_progress(c);
}

static void on_failed(void *arg, enum smtp_client_failure failure, const struct smtp_client_reply *reply)
{
	static const struct {
		int status;
		const char *text;
	} failures[] = {[SMTP_CLIENT_REFUSED] = {EXIT_UNAVAILABLE, "the server refuses to talk to us"},
	    [SMTP_CLIENT_NO_TLS] = {EXIT_UNAVAILABLE, "the server offers no TLS (--no-tls sends without it)"},
	    [SMTP_CLIENT_NO_LOGIN] = {EXIT_REFUSED,
	        "the server offers no login that keeps the password safe"},
	    [SMTP_CLIENT_LOGIN_REFUSED] = {EXIT_REFUSED, "the login was refused"},
	    [SMTP_CLIENT_SHUT] = {EXIT_TEMPORARY, "the server closed the connection"},
	    [SMTP_CLIENT_NONSENSE] = {EXIT_UNAVAILABLE,
	        "the host does not speak SMTP there (is it the right port?)"},
	    [SMTP_CLIENT_LOST] = {EXIT_TEMPORARY, "the connection was lost"},
	    [SMTP_CLIENT_NO_MEMORY] = {EXIT_TEMPORARY, "out of memory"}};
	struct session *c = arg;
	const char *text = failures[failure].text;
	int status = failures[failure].status;
	c->failed = true;
	if (c->quitting)
		return;
	if (failure == SMTP_CLIENT_LOGIN_REFUSED && reply->code == 0)
		text = "the login was given up: the server did not prove that it knows the password";
	if (reply->code >= 400 && reply->code < 500)
		status = EXIT_TEMPORARY;
	if (reply->code)
		remote_note(&c->remote, status, "%s: %u %.*s%s%.*s", text, reply->code,
		    VIEW_FMT(reply->enhanced), reply->enhanced.len ? " " : "",
		    VIEW_FMT(view_take(reply->text, 400)));
	else
		remote_note(&c->remote, status, "%s (at %s)", text, smtp_client_stage_name(reply->stage));
}

/* ---- sending ---- */

/* By us: the server was not asked. A code of class 4 may be tried again. */
static void judge_group(struct session *c, const char *enhanced, const char *text)
{
	const struct smtp_client_reply own = {.code = enhanced[0] == '4' ? 451 : 554,
	    .enhanced = view_from_string(enhanced),
	    .text = view_from_string(text),
	    .stage = SMTP_CLIENT_AT_MAIL};
	for (size_t i = 0; i < c->transaction.count; i++) {
		struct send_recipient *r = in_group(c, i);
		keep_reply(r, &own);
		r->reply.local = r->done = true;
	}
}

/* As many as this server takes at once, of those that have no result yet. */
static size_t fill_group(struct session *c)
{
	struct send *s = c->s;
	size_t max = smtp_client_recipients_max(c->client), count = 0;
	for (size_t i = 0; i < s->count && count < max; i++) {
		if (s->recipients[i].done)
			continue;
		c->group[count] =
		    (struct smtp_client_recipient){.address = s->recipients[i].address, .notify = s->notify};
		c->numbers[count++] = i;
	}
	return count;
}

/* For a server that takes 7 bits only. NULL, or why the message cannot be converted. */
static const char *convert(struct session *c)
{
	struct send *s = c->s;
	const char *obstacle = send_convert(s->message, &c->converted);
	if (obstacle)
		return obstacle;
	if (buf_view(&c->converted).len > 0)
		s->message = buf_view(&c->converted);
	s->eight_bit = false;
	return NULL;
}

/* True when it is on its way; else the group has its results. */
static bool send_group(struct session *c)
{
	struct smtp_client_lack lack = {0};
	char text[300];
	enum smtp_client_verdict verdict = smtp_client_accepts(c->client, &c->transaction, &lack);
	if (verdict == SMTP_CLIENT_CONVERTS) {
		const char *obstacle = convert(c);
		if (obstacle) {
			snprintf(text, sizeof text,
			    "the server accepts only 7-bit mail, and the message cannot be converted: %s",
			    obstacle);
			judge_group(c, "5.6.3", text);
			return false;
		}
		c->transaction.terms.body = SMTP_7BIT;
		c->transaction.size = c->s->message.len;
		verdict = smtp_client_accepts(c->client, &c->transaction, &lack);
	}
	if (verdict != SMTP_CLIENT_TAKES) {
		judge_group(c, lack.enhanced, lack.text);
		return false;
	}
	c->accepted = c->offset = 0;
	int error = smtp_client_send(c->client, &c->transaction);
	if (error == -EINVAL)
		judge_group(c, "5.1.3", "an address contains characters that SMTP cannot carry");
	else if (error)
		judge_group(c, "4.3.0", "out of memory");
	return error == 0;
}

static void send_next(struct session *c)
{
	struct send *s = c->s;
	for (;;) {
		size_t count = fill_group(c);
		c->transaction =
		    (struct smtp_client_transaction){.terms = {.sender = s->sender,
		                                         .ret = s->ret,
		                                         .body = s->eight_bit ? SMTP_8BITMIME : SMTP_7BIT,
		                                         .utf8 = s->utf8},
		        .size = s->message.len,
		        .recipients = c->group,
		        .count = count};
		if (count == 0)
			break;
		if (smtp_client_transactions_left(c->client) == 0)
			judge_group(c, "4.5.3", "the server accepts no more recipients on this connection");
		else if (send_group(c))
			return;
	}
	c->quitting = true;
	smtp_client_quit(c->client);
}

static void pump(struct session *c)
{
	size_t before = c->offset;
	while (c->body_wanted) {
		struct view piece = view_take(view_skip(c->s->message, c->offset), PIECE);
		bool last = c->offset + piece.len == c->s->message.len;
		c->offset += piece.len;
		c->body_wanted = smtp_client_body(c->client, piece, last) && !last;
	}
	remote_wrote_body(&c->remote, c->offset - before);
}

static void on_ready(void *arg)
{
	struct session *c = arg;
	c->ready = true;
	remote_later(&c->remote);
}

static void on_body(void *arg)
{
	struct session *c = arg;
	c->body_wanted = true;
	remote_later(&c->remote);
}

static void on_start_tls(void *arg)
{
	struct session *c = arg;
	remote_start_tls(&c->remote);
}

static void on_close(void *arg)
{
	struct session *c = arg;
	remote_close(&c->remote);
}

static const struct smtp_client_backend backend = {
    .start_tls = on_start_tls,
    .ready = on_ready,
    .body = on_body,
    .recipient = on_recipient,
    .done = on_done,
    .failed = on_failed,
    .close = on_close,
};

/* ---- the connection ---- */

static void on_work(void *arg)
{
	struct session *c = arg;
	if (c->ready) {
		c->ready = false;
		send_next(c);
		remote_wrote(&c->remote);
	}
	if (c->body_wanted)
		pump(c);
	set_deadline(c);
	show_progress(c);
}

/* RFC 5321 section 4.1.4: a name that means this machine, or else its address. */
static void name_us(struct session *c)
{
	struct sockaddr_storage address = {0};
	socklen_t len = sizeof address;
	char text[NETWORK_TEXT_SIZE];
	enum host_kind kind;
	if (gethostname(c->hostname, sizeof c->hostname - 1) == 0 && strchr(c->hostname, '.') &&
	    host_parse(view_from_string(c->hostname), &kind) == 0 && kind == HOST_NAME)
		return;
	getsockname(c->remote.stream.fd, (struct sockaddr *)&address, &len);
	network_text(&address, text);
	snprintf(c->hostname, sizeof c->hostname, strchr(text, ':') ? "[IPv6:%s]" : "[%s]", text);
}

static struct view exporter(struct session *c)
{
	const char *type = "";
	if (tls_channel_binding(c->remote.stream.ssl, c->exporter, &c->exporter_len, &type) != 0 ||
	    strcmp(type, "tls-exporter") != 0)
		c->exporter_len = 0;
	return view_of(c->exporter, c->exporter_len);
}

static void on_connected(void *arg)
{
	static const enum smtp_client_tls levels[] = {[REMOTE_TLS_IF_OFFERED] = SMTP_CLIENT_TLS_IF_OFFERED,
	    [REMOTE_TLS_COMMAND] = SMTP_CLIENT_TLS_REQUIRED,
	    [REMOTE_TLS_FIRST] = SMTP_CLIENT_TLS_PRESENT,
	    [REMOTE_TLS_NONE] = SMTP_CLIENT_TLS_NEVER};
	struct session *c = arg;
	const struct remote_options *o = c->s->options;
	name_us(c);
	random_id(c->nonce);
	random_id(c->nonce + RANDOM_ID_SIZE - 1);
	c->config = (struct smtp_client_config){.kind = SMTP_CLIENT_SMTP,
	    .hostname = view_from_string(c->hostname),
	    .tls = levels[o->tls],
	    .user = view_from_string(o->user),
	    .password = buf_view(&o->password),
	    .clear_login = o->tls == REMOTE_TLS_NONE && o->insecure,
	    .nonce = view_from_string(c->nonce),
	    .tls_exporter = o->tls == REMOTE_TLS_FIRST ? exporter(c) : (struct view){0}};
	c->client = smtp_client_new(&c->config, &backend, c, stream_out(&c->remote.stream));
	wrote(c);
}

static size_t on_input(void *arg, struct view bytes)
{
	struct session *c = arg;
	/* Our commands come after the host's replies, so these are shown first. */
	size_t n = smtp_client_feed(c->client, bytes);
	remote_heard(&c->remote, view_take(bytes, n));
	wrote(c);
	return n;
}

static void on_drained(void *arg)
{
	struct session *c = arg;
	smtp_client_drained(c->client);
	wrote(c);
}

static void on_secured(void *arg)
{
	struct session *c = arg;
	smtp_client_secured(c->client, exporter(c));
	wrote(c);
}

static void on_ended(void *arg)
{
	struct session *c = arg;
	smtp_client_closed(c->client);
	hide_progress(c);
}

static const struct remote_handler handler = {
    .connected = on_connected,
    .input = on_input,
    .drained = on_drained,
    .secured = on_secured,
    .deadline = on_deadline,
    .ended = on_ended,
    .work = on_work,
};

void send_run(struct send *s)
{
	struct session *c = mem_alloc(sizeof *c);
	c->s = s;
	s->status = remote_run(&c->remote, s->options, &handler, c);
	snprintf(s->problem, sizeof s->problem, "%s", c->remote.problem);
	snprintf(s->address, sizeof s->address, "%s", c->remote.address);
	snprintf(s->tls, sizeof s->tls, "%s", c->remote.tls);
	snprintf(s->verified, sizeof s->verified, "%s", c->remote.verified);
	smtp_client_free(c->client);
	remote_done(&c->remote);
	buf_done(&c->converted);
	mem_free(c);
}
