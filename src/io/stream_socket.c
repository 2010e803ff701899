/* A stream's kinds of socket, in clear and with TLS: see stream_private.h. */
#include "io/stream_private.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdint.h>

#include "base/log.h"
#include "io/tls.h"

/* OpenSSL tells what happened by its queue of errors: one that somebody else left there must not be taken for
 * ours. */
SSL *stream_tls(struct stream *s)
{
	ERR_clear_error();
	return s->ssl;
}

/* From the bytes that were read before TLS began to the socket, once they are used up. */
bool stream_read_from_socket(struct stream *s)
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
bool stream_tls_says_cut(unsigned long error)
{
	return ERR_GET_LIB(error) == ERR_LIB_SSL &&
	       ERR_GET_REASON(error) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
}

ssize_t stream_tls_outcome(struct stream *s, int result)
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
		if (stream_tls_says_cut(ERR_peek_error())) {
			s->cut = true;
			return IO_ENDED;
		}
		log_event(
		    LOG_DEBUG, "-", "tls-error", log_string("error", tls_error_text(text, sizeof text)));
		return IO_FAILED;
	}
}

ssize_t stream_read_some(struct stream *s, char *data, size_t size)
{
	if (s->records)
		return stream_records_read(s, data, size);
	if (s->ssl) {
		int n = SSL_read(stream_tls(s), data, (int)size);
		return n > 0 ? n : stream_tls_outcome(s, n);
	}
	return stream_receive_some(s, data, size);
}

ssize_t stream_write_some(struct stream *s, struct view v)
{
	if (s->records)
		return stream_records_write(s, v);
	if (s->ssl) {
		int n = SSL_write(stream_tls(s), v.data, v.len < INT32_MAX ? (int)v.len : INT32_MAX);
		return n > 0 ? n : stream_tls_outcome(s, n);
	}
	return stream_send_some(s, v);
}

bool stream_holds_input(const struct stream *s)
{
	return s->records ? stream_records_hold_input(s) : s->ssl && SSL_pending(s->ssl) > 0;
}

void stream_say_goodbye(struct stream *s)
{
	if (s->records)
		stream_records_say_goodbye(s);
	else if (s->ssl && !s->handshaking)
		SSL_shutdown(stream_tls(s));
}

bool stream_is_secure(const struct stream *s)
{
	return s->ssl || s->records;
}
