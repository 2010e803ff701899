/* Inside io/: a stream's socket, whether in clear or with TLS. */
#ifndef IO_STREAM_PRIVATE_H
#define IO_STREAM_PRIVATE_H

#include <sys/types.h>

#include "io/stream.h"

enum io_result { IO_AGAIN = -1, IO_ENDED = -2, IO_FAILED = -3 };

/* Reads or writes so much as goes now: the number of bytes, or an enum io_result. */
ssize_t stream_read_some(struct stream *s, char *data, size_t size);
ssize_t stream_write_some(struct stream *s, struct view v);

/* The connection, with OpenSSL's queue of errors empty: one that somebody else left there must not be taken
 * for ours. */
SSL *stream_tls(struct stream *s);
/* What a call of OpenSSL came to. */
ssize_t stream_tls_outcome(struct stream *s, int result);
/* Whether this error says that the peer hung up without a word. */
bool stream_tls_says_cut(unsigned long error);
/* Input waits here, where no descriptor tells of it. */
bool stream_holds_input(const struct stream *s);
/* Says goodbye in TLS, as far as the socket takes it now. */
void stream_say_goodbye(struct stream *s);

/* stream_records.c: the same of TLS that OpenSSL has given up. */
ssize_t stream_records_read(struct stream *s, char *data, size_t size);
ssize_t stream_records_write(struct stream *s, struct view v);
bool stream_records_hold_input(const struct stream *s);
size_t stream_records_backlog(const struct stream *s); /* sealed, and not sent yet */
void stream_records_say_goodbye(struct stream *s);
void stream_records_free(struct stream *s);

/* stream_clear.c: what the socket takes or gives now. */
ssize_t stream_send_some(struct stream *s, struct view v);
ssize_t stream_receive_some(struct stream *s, char *data, size_t size);

/* From the bytes that were read before TLS began to the socket, once they are used up; false: not yet. */
bool stream_read_from_socket(struct stream *s);

#endif
