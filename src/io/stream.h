/*
 * A stream: a connected non-blocking socket, in clear or with TLS, behind one face. Input is handed to a
 * machine that says how much it consumed; output waits in a capped buffer and is flushed at the end of the
 * loop's turn, so that several replies leave in one packet. An idle stream keeps no buffers.
 */
#ifndef IO_STREAM_H
#define IO_STREAM_H

#include <openssl/types.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "io/loop.h"

struct stream_packing;
struct stream_records;
struct tls_context;
struct tls_demand;

enum {
	STREAM_LEFTOVER_MAX = 64 * 1024, /* input that its machine has not consumed: reading stops there */
	STREAM_OUTPUT_MAX =
	    8 * 1024 * 1024, /* a machine that ignores the high-water mark is broken: the stream closes */
	STREAM_HIGH_WATER = 256 * 1024 /* above this a machine should produce nothing more before `drained` */
};

enum stream_end {
	STREAM_PEER_CLOSED, /* orderly, but see stream_was_cut */
	STREAM_FAILED,      /* reset, or a protocol error of TLS */
	STREAM_TIMED_OUT,   /* the deadline passed */
	STREAM_CLOSED       /* closed here, all output sent */
};

/* "by the client", "timed out" ...: for logs. */
const char *stream_end_words(enum stream_end how);

struct stream_handler {
	/* New bytes; returns how many were consumed. The rest comes again, first, with the next call. */
	size_t (*input)(void *arg, struct view bytes);
	/* The output fell below STREAM_HIGH_WATER after having been above it. May be NULL. */
	void (*drained)(void *arg);
	/* The TLS handshake is complete. May be NULL. */
	void (*secured)(void *arg);
	/* The deadline passed; without this function the stream ends with STREAM_TIMED_OUT. */
	void (*deadline)(void *arg);
	/* The stream has ended; it may be freed from here, with stream_free. Called once. */
	void (*ended)(void *arg, enum stream_end how);
};

struct stream {
	const struct stream_handler *handler;
	void *arg;
	struct loop *loop;
	int fd;
	struct loop_watch readable, writable;
	struct loop_timer timer;
	struct loop_task turn; /* at the end of the turn: feed, flush, end */
	struct buf leftover, out;
	struct stream_packing *packing; /* NULL: nothing is compressed */
	size_t refused; /* so much of `leftover` the machine has seen and takes nothing of, until more comes
	                   or something changes */
	SSL *ssl;
	struct stream_records *records; /* TLS that OpenSSL has given up: `ssl` is NULL then */
	bool held;                      /* no input wanted now */
	bool handshaking;
	struct tls_shake *shake; /* waits for a signature */
	bool cut;                /* TLS ended without a goodbye */
	int error;               /* errno of the socket */
	char *tls_failure;       /* owned; why the handshake failed */
	bool primed;             /* TLS still reads what was left over when it began, not the socket */
	bool closing;            /* ends when the output is out */
	unsigned patience;       /* of a closing stream: how often it got more time */
	uint64_t patience_at;    /* bytes_out by then */
	bool above_water;
	bool peer_closed;
	bool finished; /* `ended` is due or was called */
	enum stream_end how;
	uint64_t bytes_in, bytes_out;
};

/* Takes the descriptor over. Reading begins at once. */
void stream_init(
    struct stream *s, struct loop *loop, int fd, const struct stream_handler *handler, void *arg);

/* Closes the socket at once and frees everything inside; `ended` is not called. */
void stream_free(struct stream *s);

/* Appends output. Past STREAM_OUTPUT_MAX or without memory the stream fails. */
void stream_write(struct stream *s, struct view bytes);

/* The output buffer itself, for a machine that writes without a copy; then stream_wrote must be called. */
struct buf *stream_out(struct stream *s);
void stream_wrote(struct stream *s);
size_t stream_backlog(const struct stream *s);

/* Stops taking input (the peer's bytes wait in the kernel), and takes it again, what is left over first. */
void stream_hold(struct stream *s);
void stream_resume(struct stream *s);

/* Throws away input that was read and not consumed (what was pipelined before STARTTLS). Returns how much. */
size_t stream_discard_input(struct stream *s);

/*
 * Starts TLS. The input that is left is taken as its beginning (a proxy's header came before it);
 * stream_discard_input first, where it would be an injection. The context is kept until the stream is
 * freed. 0; -ENOMEM; -EAGAIN when the peer does not take the output that waits: then the stream must end,
 * since what was said in clear must not come out inside TLS.
 */
int stream_start_tls(struct stream *s, struct tls_context *context);
/* As a client. The demand need not outlive the call. -EINVAL: a demand that nobody can meet (no usable
 * record). */
int stream_connect_tls(struct stream *s, struct tls_context *context, const struct tls_demand *demand);

/* Whether what is said now goes through TLS. */
bool stream_is_secure(const struct stream *s);

/*
 * A server's TLS 1.3 goes on with as little memory as it can (io/tls_records.h), if the context is for that
 * (tls_server_lean), else as before. `ssl` is NULL afterwards: whoever wants to know something of the
 * handshake asks first. When the handshake is over, from `secured` too.
 */
void stream_lean_tls(struct stream *s);

/*
 * From now on all is compressed, both ways (RFC 4978): what waits in the output goes before that as it is;
 * input that the machine has not consumed is taken as compressed. Called from within `input` as well. 0 or
 * -ENOMEM.
 */
int stream_start_deflate(struct stream *s);

/* After STREAM_FAILED: the socket's errno (ECONNREFUSED, ETIMEDOUT ...), or 0 when it was not the socket that
 * failed. */
int stream_error(const struct stream *s);

/*
 * Whether a TLS client's stream ended without the peer saying so in TLS (RFC 8446 section 6.1): somebody in
 * between may have cut it. Protocols that do not say their ends themselves must ask.
 */
bool stream_was_cut(const struct stream *s);

/*
 * Why the handshake failed, for people and logs: from `ended` after STREAM_FAILED or STREAM_PEER_CLOSED while
 * shaking hands. "certificate: ..." when the peer did not meet the demand. NULL: it did not fail. Valid until
 * the stream is freed.
 */
const char *stream_tls_failure(const struct stream *s);

/*
 * Ends the stream when its output is out, or at once. A peer that takes some of it every 30 s gets ten
 * minutes for all. `ended` comes at the end of the turn.
 */
void stream_close(struct stream *s);
void stream_abort(struct stream *s);

/* The time by which something must have happened; 0 takes the deadline away. */
void stream_set_deadline(struct stream *s, int64_t milliseconds);

/* A non-blocking connect; the stream becomes writable or ends. -errno when it cannot even be started. */
int stream_connect(struct stream *s, struct loop *loop, const struct sockaddr *address, socklen_t len,
    const struct stream_handler *handler, void *arg);

#endif
