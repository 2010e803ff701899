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
#include "io/tls.h"

enum {
	SCRATCH_SIZE = 64 * 1024,
	READS_A_TURN = 4,       /* then the other streams get their turn */
	CLOSE_PATIENCE = 30000, /* ms in which the peer must take some of a closing stream's output */
	CLOSE_ROUNDS = 20       /* how often it gets them */
};

static char scratch[SCRATCH_SIZE]; /* one loop a process; nothing of it is kept between reads */

enum io_result { IO_AGAIN = -1, IO_ENDED = -2, IO_FAILED = -3 };

static void on_readable(void *arg);
static void on_writable(void *arg);
static void on_timer(void *arg);
static void on_turn(void *arg);
static void handshake(struct stream *s);

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
	mem_free(s->tls_failure);
	s->tls_failure = NULL;
	close(s->fd);
	s->fd = -1;
	s->finished = true;
	buf_done(&s->leftover);
	buf_done(&s->out);
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

/* ---- the two kinds of socket ---- */

/* OpenSSL tells what happened by its queue of errors: one that somebody else left there must not be taken for
 * ours. */
static SSL *tls_of(struct stream *s)
{
	ERR_clear_error();
	return s->ssl;
}

/* From the bytes that were read before TLS began to the socket, once they are used up. */
static bool read_from_socket(struct stream *s)
{
	if (!s->primed || BIO_pending(SSL_get_rbio(s->ssl)) > 0)
		return false;
	BIO *socket = SSL_get_wbio(s->ssl);
	BIO_up_ref(socket);
	SSL_set0_rbio(s->ssl, socket);
	s->primed = false;
	return true;
}

/* The peer hung up without a word. Only a client's context tells this from an orderly end. */
static bool was_cut(unsigned long error)
{
	return ERR_GET_LIB(error) == ERR_LIB_SSL &&
	       ERR_GET_REASON(error) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
}

static ssize_t tls_outcome(struct stream *s, int result)
{
	char text[256];
	switch (SSL_get_error(s->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		return IO_AGAIN;
	case SSL_ERROR_WANT_WRITE:
		loop_watch_on(&s->writable);
		return IO_AGAIN;
	case SSL_ERROR_ZERO_RETURN:
		return IO_ENDED;
	case SSL_ERROR_SYSCALL:
		s->error = errno;
		s->cut = true;
		return IO_ENDED;
	default:
		if (was_cut(ERR_peek_error())) {
			s->cut = true;
			return IO_ENDED;
		}
		log_event(
		    LOG_DEBUG, "-", "tls-error", log_string("error", tls_error_text(text, sizeof text)));
		return IO_FAILED;
	}
}

static ssize_t read_some(struct stream *s, char *data, size_t size)
{
	if (s->ssl) {
		int n = SSL_read(tls_of(s), data, (int)size);
		return n > 0 ? n : tls_outcome(s, n);
	}
	ssize_t n;
	do
		n = recv(s->fd, data, size, 0);
	while (n < 0 && errno == EINTR);
	if (n > 0)
		return n;
	if (n == 0)
		return IO_ENDED;
	if (errno == EAGAIN || errno == EWOULDBLOCK)
		return IO_AGAIN;
	s->error = errno;
	return IO_FAILED;
}

static ssize_t write_some(struct stream *s, struct view v)
{
	if (s->ssl) {
		int n = SSL_write(tls_of(s), v.data, v.len < INT32_MAX ? (int)v.len : INT32_MAX);
		return n > 0 ? n : tls_outcome(s, n);
	}
	ssize_t n;
	do
		n = send(s->fd, v.data, v.len, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n >= 0)
		return n;
	if (errno != EAGAIN && errno != EWOULDBLOCK) {
		s->error = errno;
		return IO_FAILED;
	}
	loop_watch_on(&s->writable);
	return IO_AGAIN;
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
	else if (error == 0 || was_cut(error))
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
	                             : SSL_do_handshake(tls_of(s));
}

static void handshake(struct stream *s)
{
	int result = shake(s);
	if (result != TLS_SHAKE_WAITS && result != TLS_SHAKE_NO_ROOM && read_from_socket(s) && result != 1)
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
	ssize_t outcome = tls_outcome(s, result);
	if (outcome == IO_AGAIN)
		return;
	note_tls_failure(s, error);
	finish(s, STREAM_FAILED);
}

static void flush(struct stream *s)
{
	bool blocked = false;
	while (!s->finished && !blocked && buf_view(&s->out).len > 0) {
		ssize_t n = write_some(s, buf_view(&s->out));
		if (n == IO_AGAIN) {
			blocked = true;
		} else if (n < 0) {
			finish(s, STREAM_FAILED);
		} else {
			s->bytes_out += (uint64_t)n;
			buf_consume(&s->out, (size_t)n);
		}
	}
	if (s->finished || blocked)
		return;
	loop_watch_off(&s->writable);
	if (s->out.cap > 0)
		buf_done(&s->out);
	if (s->closing)
		finish(s, STREAM_CLOSED);
}

static void tell_drained(struct stream *s)
{
	if (s->finished || !s->above_water || buf_view(&s->out).len >= STREAM_HIGH_WATER)
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
	return buf_view(&s->out).len;
}

/* ---- input ---- */

/* Hands what is left over to the machine until it takes no more. */
static void feed_leftover(struct stream *s)
{
	while (!s->finished && !s->held && !s->closing && buf_view(&s->leftover).len > 0 &&
	       buf_view(&s->leftover).len != s->refused) {
		struct view rest = buf_view(&s->leftover);
		size_t consumed = s->handler->input(s->arg, rest);
		if (s->finished)
			return;
		s->refused = consumed ? 0 : rest.len;
		buf_consume(&s->leftover, consumed);
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
		size_t consumed = s->handler->input(s->arg, fresh);
		fresh = view_skip(fresh, consumed);
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

static void read_input(struct stream *s)
{
	for (int i = 0; i < READS_A_TURN && !s->finished && !s->held && !s->handshaking; i++) {
		size_t room = read_room(s);
		if (room == 0) {
			/* The machine neither consumes nor holds a full buffer: it would wait for ever. */
			finish(s, STREAM_FAILED);
			return;
		}
		ssize_t n = read_some(s, scratch, room < sizeof scratch ? room : sizeof scratch);
		if (n == IO_AGAIN)
			return;
		if (n < 0) {
			s->peer_closed = true;
			finish(s, n == IO_ENDED ? STREAM_PEER_CLOSED : STREAM_FAILED);
			return;
		}
		s->bytes_in += (uint64_t)n;
		feed(s, view_of(scratch, (size_t)n));
		/* Less than was asked for: the socket is empty, save the call that would say so. */
		if (!s->ssl && (size_t)n < room && (size_t)n < sizeof scratch)
			return;
	}
	/* Decrypted bytes may wait inside the TLS library, where no descriptor tells of them. */
	if (!s->finished && !s->held && s->ssl && SSL_pending(s->ssl) > 0)
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
	if (s->how != STREAM_FAILED && s->ssl && !s->handshaking && !s->cut)
		SSL_shutdown(tls_of(s));
	if (s->how != STREAM_CLOSED)
		return;
	shutdown(s->fd, SHUT_WR);
	for (int i = 0; i < READS_A_TURN && recv(s->fd, scratch, sizeof scratch, MSG_DONTWAIT) > 0; i++)
		;
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
		if (!s->finished && !s->held && s->ssl && SSL_pending(s->ssl) > 0)
			read_input(s);
	}
	if (!s->finished && !s->handshaking) {
		flush(s);
		tell_drained(s);
	}
	if (!s->finished)
		return;
	if (s->how == STREAM_PEER_CLOSED && s->fd >= 0 && buf_view(&s->out).len > 0) {
		/* The peer has stopped sending and may still read: what was answered goes out, as far as it
		 * fits. */
		write_some(s, buf_view(&s->out));
		loop_watch_off(&s->writable);
	}
	loop_task_cancel(&s->turn);
	if (s->fd >= 0)
		part(s);
	s->handler->ended(s->arg, s->how);
}

void stream_hold(struct stream *s)
{
	s->held = true;
	loop_watch_off(&s->readable);
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
