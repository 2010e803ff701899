/* The stream of stream.h. */
#include "io/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "io/deflate.h"
#include "io/stream_private.h"
#include "io/tls.h"

enum {
	SCRATCH_SIZE = 64 * 1024,
	UNPACKED_AT_ONCE = 16 * 1024,
	PACKED_AT_ONCE = 64 * 1024, /* of plain output: what waits compressed is less */
	READS_A_TURN = 4,           /* then the other streams get their turn */
	CLOSE_PATIENCE = 30000,     /* ms in which the peer must take some of a closing stream's output */
	CLOSE_ROUNDS = 20           /* how often it gets them */
};

struct stream_packing {
	struct deflate *deflate;
	struct buf out, in; /* on the way to the socket; came from there, not unpacked yet */
};

static char scratch[SCRATCH_SIZE]; /* one loop a process; nothing of it is kept between reads */

static void on_readable(void *arg);
static void on_writable(void *arg);
static void on_timer(void *arg);
static void on_turn(void *arg);
static void handshake(struct stream *s);

const char *stream_end_words(enum stream_end how)
{
	static const char *const words[] = {[STREAM_PEER_CLOSED] = "by the client",
	    [STREAM_FAILED] = "connection lost",
	    [STREAM_TIMED_OUT] = "timed out",
	    [STREAM_CLOSED] = "by the server"};
	return words[how];
}

void stream_init(struct stream *s, struct loop *loop, int fd, const struct stream_handler *handler, void *arg)
{
	int on = 1;
	*s = (struct stream){.handler = handler, .arg = arg, .loop = loop, .fd = fd};
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	/* Output is collected until the end of the turn; waiting longer would only add latency. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	buf_init(&s->leftover, STREAM_LEFTOVER_MAX);
	buf_init(&s->out, STREAM_OUTPUT_MAX);
	loop_watch_init(&s->readable, loop, fd, LOOP_READ, on_readable, s);
	loop_watch_init(&s->writable, loop, fd, LOOP_WRITE, on_writable, s);
	loop_timer_init(&s->timer, loop, on_timer, s);
	loop_task_init(&s->turn, loop, on_turn, s);
	loop_watch_on(&s->readable);
}

int stream_connect(struct stream *s, struct loop *loop, const struct sockaddr *address, socklen_t len,
    const struct stream_handler *handler, void *arg)
{
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, address, len) != 0 && errno != EINPROGRESS) {
		int error = -errno;
		close(fd);
		return error;
	}
	stream_init(s, loop, fd, handler, arg);
	loop_watch_on(&s->writable);
	return 0;
}

static void free_packing(struct stream *s)
{
	if (s->packing == NULL)
		return;
	deflate_free(s->packing->deflate);
	buf_done(&s->packing->out);
	buf_done(&s->packing->in);
	mem_free(s->packing);
	s->packing = NULL;
}

void stream_free(struct stream *s)
{
	if (s->loop == NULL || s->fd < 0)
		return;
	loop_watch_off(&s->readable);
	loop_watch_off(&s->writable);
	loop_timer_cancel(&s->timer);
	loop_task_cancel(&s->turn);
	tls_shake_cancel(&s->shake);
	tls_free(s->ssl);
	s->ssl = NULL;
	stream_records_free(s);
	mem_free(s->tls_failure);
	s->tls_failure = NULL;
	close(s->fd);
	s->fd = -1;
	s->finished = true;
	buf_done(&s->leftover);
	buf_done(&s->out);
	free_packing(s);
}

static void finish(struct stream *s, enum stream_end how)
{
	if (s->finished)
		return;
	s->finished = true;
	s->how = how;
	loop_watch_off(&s->readable);
	loop_watch_off(&s->writable);
	loop_timer_cancel(&s->timer);
	loop_task_schedule(&s->turn);
}

/* ---- output ---- */

/* In words: what the certificate lacks, or OpenSSL's reason, without its numbers. */
static void note_tls_failure(struct stream *s, unsigned long error)
{
	char text[256];
	const char *refused = tls_refused(s->ssl), *reason = ERR_reason_error_string(error);
	if (refused)
		snprintf(text, sizeof text, "certificate: %s", refused);
	else if (s->error)
		snprintf(text, sizeof text, "TLS handshake: %s", strerror(s->error));
	else if (error == 0 || stream_tls_says_cut(error))
		snprintf(text, sizeof text, "the connection ended during the TLS handshake");
	else
		snprintf(text, sizeof text, "TLS: %s", reason ? reason : "unknown error");
	mem_free(s->tls_failure);
	s->tls_failure = mem_string(view_from_string(text));
}

/* The signature has come. */
static void on_signed(void *arg)
{
	struct stream *s = arg;
	if (s->finished)
		return;
	loop_watch_on(&s->readable);
	handshake(s);
}

static int shake(struct stream *s)
{
	return SSL_is_server(s->ssl) ? tls_shake(s->ssl, &s->shake, on_signed, s)
	                             : SSL_do_handshake(stream_tls(s));
}

static void handshake(struct stream *s)
{
	int result = shake(s);
	if (result != TLS_SHAKE_WAITS && result != TLS_SHAKE_NO_ROOM && stream_read_from_socket(s) &&
	    result != 1)
		result = shake(s);
	if (result == TLS_SHAKE_NO_ROOM) {
		/* The client comes again; what waited here would hold a connection until its deadline. */
		s->error = ENOMEM;
		note_tls_failure(s, 0);
		finish(s, STREAM_FAILED);
		return;
	}
	if (result == TLS_SHAKE_WAITS) {
		/* Nothing may be said or heard before. */
		loop_watch_off(&s->readable);
		loop_watch_off(&s->writable);
		return;
	}
	if (result == 1) {
		s->handshaking = false;
		tls_settle(s->ssl);
		loop_watch_off(&s->writable);
		if (s->handler->secured)
			s->handler->secured(s->arg);
		loop_task_schedule(&s->turn);
		return;
	}
	loop_watch_off(&s->writable);
	unsigned long error = ERR_peek_error();
	ssize_t outcome = stream_tls_outcome(s, result);
	if (outcome == IO_AGAIN)
		return;
	note_tls_failure(s, error);
	finish(s, STREAM_FAILED);
}

/* What goes to the socket next: the output, or the next of it compressed. */
static struct buf *next_output(struct stream *s)
{
	struct view plain = view_take(buf_view(&s->out), PACKED_AT_ONCE);
	struct stream_packing *p = s->packing;
	if (p == NULL)
		return &s->out;
	if (buf_view(&p->out).len > 0 || plain.len == 0)
		return &p->out;
	if (deflate_pack(p->deflate, plain, &p->out) != 0)
		finish(s, STREAM_FAILED);
	buf_consume(&s->out, plain.len);
	return &p->out;
}

static void flush(struct stream *s)
{
	bool blocked = false;
	while (!s->finished && !blocked && stream_backlog(s) > 0) {
		struct buf *output = next_output(s);
		ssize_t n = s->finished ? IO_FAILED : stream_write_some(s, buf_view(output));
		if (n == IO_AGAIN) {
			blocked = true;
		} else if (n < 0) {
			finish(s, STREAM_FAILED);
		} else {
			s->bytes_out += (uint64_t)n;
			buf_consume(output, (size_t)n);
		}
	}
	if (s->finished || blocked)
		return;
	loop_watch_off(&s->writable);
	if (s->out.cap > 0)
		buf_done(&s->out);
	if (s->packing && s->packing->out.cap > 0)
		buf_done(&s->packing->out);
	if (s->closing)
		finish(s, STREAM_CLOSED);
}

static void tell_drained(struct stream *s)
{
	if (s->finished || !s->above_water || stream_backlog(s) >= STREAM_HIGH_WATER)
		return;
	s->above_water = false;
	s->refused = 0;
	if (s->handler->drained)
		s->handler->drained(s->arg);
}

struct buf *stream_out(struct stream *s)
{
	return &s->out;
}

void stream_wrote(struct stream *s)
{
	if (s->finished)
		return;
	if (buf_failed(&s->out)) {
		finish(s, STREAM_FAILED);
		return;
	}
	if (buf_view(&s->out).len >= STREAM_HIGH_WATER)
		s->above_water = true;
	loop_task_schedule(&s->turn);
}

void stream_write(struct stream *s, struct view bytes)
{
	buf_append(&s->out, bytes);
	stream_wrote(s);
}

size_t stream_backlog(const struct stream *s)
{
	return buf_view(&s->out).len + (s->packing ? buf_view(&s->packing->out).len : 0) +
	       stream_records_backlog(s);
}

/* ---- input ---- */

static void unpack(struct stream *s);

/* The machine has asked for compression: what it has left is compressed already. */
static void repack(struct stream *s, struct view rest)
{
	if (buf_append(&s->packing->in, rest) != 0)
		finish(s, STREAM_FAILED);
	else
		unpack(s);
}

/* Hands what is left over to the machine until it takes no more. */
static void feed_leftover(struct stream *s)
{
	while (!s->finished && !s->held && !s->closing && buf_view(&s->leftover).len > 0 &&
	       buf_view(&s->leftover).len != s->refused) {
		struct view rest = buf_view(&s->leftover);
		bool plain = s->packing == NULL;
		size_t consumed = s->handler->input(s->arg, rest);
		if (s->finished)
			return;
		s->refused = consumed ? 0 : rest.len;
		buf_consume(&s->leftover, consumed);
		if (plain && s->packing) {
			struct buf left = s->leftover;
			buf_init(&s->leftover, STREAM_LEFTOVER_MAX);
			repack(s, buf_view(&left));
			buf_done(&left);
			return;
		}
	}
	if (buf_view(&s->leftover).len == 0 && s->leftover.cap > 0)
		buf_done(&s->leftover);
}

static void feed(struct stream *s, struct view fresh)
{
	if (buf_view(&s->leftover).len > 0) {
		if (buf_append(&s->leftover, fresh) != 0)
			finish(s, STREAM_FAILED);
		else
			feed_leftover(s);
		return;
	}
	while (fresh.len > 0 && !s->finished && !s->held && !s->closing) {
		bool plain = s->packing == NULL;
		size_t consumed = s->handler->input(s->arg, fresh);
		fresh = view_skip(fresh, consumed);
		if (plain && s->packing) {
			repack(s, fresh);
			return;
		}
		if (consumed == 0)
			break;
	}
	if (!s->finished && !s->closing && buf_append(&s->leftover, fresh) != 0)
		finish(s, STREAM_FAILED);
	else if (!s->held)
		s->refused = fresh.len;
}

/* Reading goes on only while there is room for what its machine may leave. */
static size_t read_room(const struct stream *s)
{
	size_t left = buf_view(&s->leftover).len;
	return left < STREAM_LEFTOVER_MAX ? STREAM_LEFTOVER_MAX - left : 0;
}

/* As much as the machine takes, and no more than there is room for: what is packed may be a thousand times as
 * long. */
static void unpack(struct stream *s)
{
	static char plain[UNPACKED_AT_ONCE];
	while (s->packing && !s->finished && !s->held && !s->closing) {
		struct stream_packing *p = s->packing;
		struct view packed = buf_view(&p->in);
		size_t before = packed.len, room = read_room(s);
		if (room == 0) {
			finish(s, STREAM_FAILED);
			return;
		}
		ssize_t n =
		    deflate_unpack(p->deflate, &packed, plain, room < sizeof plain ? room : sizeof plain);
		if (n < 0) {
			finish(s, STREAM_FAILED);
			return;
		}
		buf_consume(&p->in, before - packed.len);
		if (n == 0)
			break;
		feed(s, view_of(plain, (size_t)n));
	}
	if (s->packing && buf_view(&s->packing->in).len == 0 && s->packing->in.cap > 0)
		buf_done(&s->packing->in);
}

int stream_start_deflate(struct stream *s)
{
	struct deflate *deflate = deflate_new();
	if (deflate == NULL)
		return -ENOMEM;
	s->packing = mem_alloc(sizeof *s->packing);
	s->packing->deflate = deflate;
	buf_init(&s->packing->out, STREAM_OUTPUT_MAX);
	buf_init(&s->packing->in, STREAM_LEFTOVER_MAX);
	if (buf_append(&s->packing->out, buf_view(&s->out)) != 0)
		return -ENOMEM;
	buf_clear(&s->out);
	loop_task_schedule(&s->turn);
	return 0;
}

static void take_in(struct stream *s, struct view bytes)
{
	if (s->packing == NULL)
		feed(s, bytes);
	else if (buf_append(&s->packing->in, bytes) != 0)
		finish(s, STREAM_FAILED);
	else
		unpack(s);
}

/* What one read may bring. */
static size_t socket_room(const struct stream *s)
{
	return s->packing ? STREAM_LEFTOVER_MAX - buf_view(&s->packing->in).len : read_room(s);
}

static void read_input(struct stream *s)
{
	for (int i = 0; i < READS_A_TURN && !s->finished && !s->held && !s->handshaking; i++) {
		size_t room = socket_room(s);
		if (room == 0) {
			/* The machine neither consumes nor holds a full buffer: it would wait for ever. */
			finish(s, STREAM_FAILED);
			return;
		}
		ssize_t n = stream_read_some(s, scratch, room < sizeof scratch ? room : sizeof scratch);
		if (n == IO_AGAIN)
			return;
		if (n < 0) {
			s->peer_closed = true;
			finish(s, n == IO_ENDED ? STREAM_PEER_CLOSED : STREAM_FAILED);
			return;
		}
		s->bytes_in += (uint64_t)n;
		take_in(s, view_of(scratch, (size_t)n));
		/* Less than was asked for: the socket is empty, save the call that would say so. */
		if (!stream_is_secure(s) && (size_t)n < room && (size_t)n < sizeof scratch)
			return;
	}
	/* Decrypted bytes may wait inside the TLS library, where no descriptor tells of them. */
	if (!s->finished && !s->held && stream_holds_input(s))
		loop_task_schedule(&s->turn);
}

static void on_readable(void *arg)
{
	struct stream *s = arg;
	if (s->handshaking)
		handshake(s);
	else if (s->held || s->closing)
		loop_watch_off(&s->readable);
	else
		read_input(s);
}

static void on_writable(void *arg)
{
	struct stream *s = arg;
	if (s->handshaking) {
		handshake(s);
		return;
	}
	flush(s);
	tell_drained(s);
}

/*
 * Says goodbye in TLS, so that the peer can tell the end from a cut (RFC 8446 section 6.1), and takes what
 * came in unread: the kernel would answer it with a reset, which can cost the peer our last words.
 */
static void part(struct stream *s)
{
	/* A peer that hung up without a word may still listen. After a failure OpenSSL may not be called. */
	bool whole = s->how != STREAM_PEER_CLOSED || stream_backlog(s) == 0;
	if (s->how != STREAM_FAILED && (!s->cut || s->records) && whole)
		stream_say_goodbye(s);
	if (s->how != STREAM_CLOSED)
		return;
	shutdown(s->fd, SHUT_WR);
	for (int i = 0; i < READS_A_TURN && recv(s->fd, scratch, sizeof scratch, MSG_DONTWAIT) > 0; i++)
		;
}

/* The peer has stopped sending and may still read: what was answered goes out, as far as it fits. */
static void write_last(struct stream *s)
{
	ssize_t n = 0;
	while (n >= 0 && stream_backlog(s) > 0) {
		struct buf *output = next_output(s);
		n = stream_write_some(s, buf_view(output));
		buf_consume(output, n > 0 ? (size_t)n : 0);
	}
	loop_watch_off(&s->writable);
}

/*
 * A handler that the end of the turn calls may free the stream (ended) or produce more; so `ended` comes
 * last, and a turn that left work schedules itself again.
 */
static void on_turn(void *arg)
{
	struct stream *s = arg;
	if (!s->finished && !s->handshaking) {
		feed_leftover(s);
		unpack(s);
		if (!s->finished && !s->held && stream_holds_input(s))
			read_input(s);
	}
	if (!s->finished && !s->handshaking) {
		flush(s);
		tell_drained(s);
	}
	if (!s->finished)
		return;
	if (s->how == STREAM_PEER_CLOSED && s->fd >= 0)
		write_last(s);
	loop_task_cancel(&s->turn);
	if (s->fd >= 0)
		part(s);
	s->handler->ended(s->arg, s->how);
}

/* The socket is still watched: most holds are over before the peer says more, and only one that is not costs
 * the two calls that take the watch off and on again (on_readable, stream_resume). */
void stream_hold(struct stream *s)
{
	s->held = true;
}

void stream_resume(struct stream *s)
{
	if (!s->held || s->finished)
		return;
	s->held = false;
	s->refused = 0;
	if (!s->closing)
		loop_watch_on(&s->readable);
	loop_task_schedule(&s->turn);
}

size_t stream_discard_input(struct stream *s)
{
	size_t n = buf_view(&s->leftover).len;
	buf_done(&s->leftover);
	s->refused = 0;
	return n;
}

/* ---- TLS, closing, deadlines ---- */

static int begin_tls(struct stream *s, SSL *ssl)
{
	if (ssl == NULL)
		return -ENOMEM;
	/* Replies in clear that came out inside TLS would be taken for answers to what is asked there. */
	flush(s);
	if (s->finished || buf_view(&s->out).len > 0) {
		tls_free(ssl);
		return -EAGAIN;
	}
	struct view early = buf_view(&s->leftover);
	if (early.len > 0) {
		BIO *before = BIO_new(BIO_s_mem());
		if (before == NULL || BIO_write(before, early.data, (int)early.len) != (int)early.len) {
			BIO_free(before);
			tls_free(ssl);
			return -ENOMEM;
		}
		BIO_set_mem_eof_return(before, -1);
		SSL_set0_rbio(ssl, before);
		buf_done(&s->leftover);
		s->refused = 0;
		s->primed = true;
	}
	s->ssl = ssl;
	s->handshaking = true;
	loop_watch_on(&s->readable);
	return 0;
}

int stream_start_tls(struct stream *s, struct tls_context *context)
{
	int error = begin_tls(s, tls_accept_new(context, s->fd));
	if (error == 0 && s->primed)
		handshake(s);
	return error;
}

int stream_connect_tls(struct stream *s, struct tls_context *context, const struct tls_demand *demand)
{
	SSL *ssl = NULL;
	int error = tls_connect_new(context, s->fd, demand, &ssl);
	if (error == 0)
		error = begin_tls(s, ssl);
	if (error == 0)
		handshake(s);
	return error;
}

int stream_error(const struct stream *s)
{
	return s->error;
}

bool stream_was_cut(const struct stream *s)
{
	return s->cut;
}

const char *stream_tls_failure(const struct stream *s)
{
	return s->tls_failure;
}

void stream_close(struct stream *s)
{
	if (s->finished || s->closing)
		return;
	s->closing = true;
	s->patience_at = s->bytes_out;
	loop_watch_off(&s->readable);
	loop_timer_set(&s->timer, CLOSE_PATIENCE);
	loop_task_schedule(&s->turn);
}

void stream_abort(struct stream *s)
{
	finish(s, STREAM_CLOSED);
}

void stream_set_deadline(struct stream *s, int64_t milliseconds)
{
	if (s->finished || s->closing)
		return;
	if (milliseconds > 0)
		loop_timer_set(&s->timer, milliseconds);
	else
		loop_timer_cancel(&s->timer);
}

static void on_timer(void *arg)
{
	struct stream *s = arg;
	if (s->finished)
		return;
	if (!s->closing && s->handler->deadline && !s->handshaking) {
		s->handler->deadline(s->arg);
		return;
	}
	if (s->closing && s->bytes_out > s->patience_at && s->patience++ < CLOSE_ROUNDS) {
		s->patience_at = s->bytes_out;
		loop_timer_set(&s->timer, CLOSE_PATIENCE);
	} else {
		finish(s, STREAM_TIMED_OUT);
	}
}
