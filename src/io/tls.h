/*
 * TLS: contexts for servers (SNI with several certificates, session resumption, ALPN, private keys that stay
 * in the keys role) and for clients. Only src/io includes OpenSSL's ssl.h.
 */
#ifndef IO_TLS_H
#define IO_TLS_H

#include <openssl/types.h>

#include "base/view.h"

struct tls_context;

/* A handshake that waits for its signature. */
struct tls_wait;
enum { TLS_SIGNATURE_MAX = 1024 /* RSA with 8192 bits */ };

/*
 * Has `tbs` signed with the private key number `key`, elsewhere: the whole to-be-signed block goes there, not
 * a hash, so that the signer can check what it signs. `algorithm` is an OpenSSL digest name or empty
 * (Ed25519); pss tells RSASSA-PSS from PKCS#1. 0: it is asked, and tls_signed is called once with `wait`, now
 * or later, and in any case; the handshake waits, and nothing else does. A negative errno: the handshake
 * fails, and `wait` is forgotten.
 */
typedef int (*tls_sign)(
    void *arg, unsigned key, struct view algorithm, bool pss, struct view tbs, struct tls_wait *wait);

/* The answer: the signature, or an error. Whose handshake is over by now does not hear of it. */
void tls_signed(struct tls_wait *wait, int error, struct view signature);

/*
 * Installs the signer for this process, once, before the first context. Without it a context cannot have
 * keys.
 */
int tls_set_signer(tls_sign sign, void *arg);

/* A server's context without certificates. alpn: the protocols spoken here, the preferred one first, with a
 * space between two ("pop3", "h2 http/1.1"), or NULL. */
struct tls_context *tls_server_new(const char *alpn);

/*
 * For certificates that are added from now on: TLS 1.2 with CBC too. Without it a server speaks what Mozilla
 * calls intermediate: forward secrecy and authenticated encryption.
 */
void tls_server_allow_cbc(struct tls_context *context);

/* Its connections may go on with little memory (stream_lean_tls). Before tls_server_add. */
void tls_server_lean(struct tls_context *context);

/*
 * Adds a certificate chain (PEM, end entity first) whose private key is number `key` with the signer. The
 * first one added serves clients that name no host or an unknown one; the names in the certificate decide for
 * the others. 0, -EINVAL for a chain that cannot be read, -ENOTSUP for a kind of key that is not served (RSA,
 * ECDSA and Ed25519 are).
 */
int tls_server_add(struct tls_context *context, struct view chain_pem, unsigned key);

/*
 * The key that encrypts session tickets, TLS_TICKET_KEY_SIZE random bytes from the keys role, so that
 * sessions resume across reloads and workers; and the one before it, or an empty view: a ticket of that one
 * is still taken, and replaced. -EINVAL, with nothing changed, when a length is wrong.
 */
enum { TLS_TICKET_KEY_SIZE = 80 };
int tls_server_set_ticket_keys(struct tls_context *context, struct view key, struct view previous);

/*
 * A client's context. ca_pem: the CA certificates that TLS_PKIX trusts; without any, that proof never
 * succeeds. Everything is loaded here: connections open no file. NULL without memory.
 */
struct tls_context *tls_client_new(struct view ca_pem);

/* ---- what a client demands of the other end ---- */

/* How the peer has to prove who it is. */
enum tls_proof {
	TLS_ANY,  /* not at all: protects against listeners, not against impostors */
	TLS_PKIX, /* by a certificate that chains to the CA file, is valid today, and names the host (RFC
	             6125; the subject's common name does not count) */
	TLS_DANE  /* by a certificate that matches one of the records: RFC 6698, 7671, 7672 */
};

/* A TLSA record. Usages other than DANE-TA(2) and DANE-EE(3) are ignored (RFC 7672 section 3.1.3). */
struct tls_association {
	uint8_t usage, selector, matching;
	struct view data;
};

enum { TLS_NAMES_MAX = 4, TLS_ASSOCIATIONS_MAX = 32 };

/*
 * All kinds ask for TLS 1.2 at least. Software that speaks only older versions has not been maintained for
 * a decade; and where the caller may fall back to clear text, that is hardly worse than what those versions
 * protect. TLS_ANY takes every suite of OpenSSL's default, also CBC and RSA's key exchange: each is better
 * than the clear text that would be sent instead. Whoever has to prove itself needs forward secrecy and
 * authenticated encryption besides.
 */
struct tls_demand {
	enum tls_proof proof;
	/* For SNI, and a name that the certificate may have. An address is checked as one and not sent as
	 * SNI. NULL: only with TLS_ANY. */
	const char *host;
	/* Further names that the certificate may have; with DANE-EE none counts. */
	const char *const *names;
	size_t name_count;
	/* TLS_DANE: at least one must be usable. */
	const struct tls_association *associations;
	size_t association_count;
	/*
	 * The key under which a session is kept, to be resumed by a later connection: the address, for
	 * example. Sessions are shared only between connections whose demands are equal in all parts. NULL:
	 * none is kept or used.
	 */
	const char *session;
};

enum {
	TLS_SESSIONS_MAX = 500,    /* of one context, some 3 KB each; the one unused for longest goes */
	TLS_SESSION_SECONDS = 3600 /* then the peer has to prove itself anew */
};

/* Contexts are counted: connections hold one, so a reload replaces the context and closes nothing. */
struct tls_context *tls_context_ref(struct tls_context *context);
void tls_context_unref(struct tls_context *context);

/* For the stream: a connection on a socket. Blocking is the caller's matter (the socket is non-blocking).
 * NULL without memory. */
SSL *tls_accept_new(struct tls_context *context, int fd);

/* The demand need not outlive the call. 0; -EINVAL: a demand that cannot be met (no host, no usable record);
 * -ENOMEM. */
int tls_connect_new(struct tls_context *context, int fd, const struct tls_demand *demand, SSL **out);

/*
 * For the stream: a server's SSL_do_handshake, and its result. TLS_SHAKE_WAITS: the signature is awaited;
 * `signed_now` is called when it is there, then this is to be called again, and no other function of the
 * library before. *at is kept between the calls, NULL at first. TLS_SHAKE_NO_ROOM: there are too many
 * handshakes, or there is no memory for one more; the library was not called, and knows no error. A handshake
 * that is given up is cancelled, before tls_free.
 */
struct tls_shake;
enum { TLS_SHAKE_WAITS = -1000, TLS_SHAKE_NO_ROOM = -1001 };
int tls_shake(SSL *ssl, struct tls_shake **at, void (*signed_now)(void *arg), void *arg);
void tls_shake_cancel(struct tls_shake **at);

/* The handshake is complete: frees what only it needed (of a client: the peer's chain but for its own
 * certificate). */
void tls_settle(SSL *ssl);

/* Ends what tls_accept_new and tls_connect_new began; NULL is allowed. Releases the context too. */
void tls_free(SSL *ssl);

/*
 * After the handshake: how the peer was verified: "dane-ee", "dane-ta", "pkix" or "not verified" (TLS_ANY). A
 * resumed session was verified in that way when it began.
 */
const char *tls_verified(const SSL *ssl);
bool tls_resumed(const SSL *ssl);

/*
 * After a client's handshake with TLS_ANY: why the peer's certificate would not have met TLS_PKIX for this
 * host; NULL: it would have. Also of a session that was resumed. Static words.
 */
const char *tls_unproven(const SSL *ssl, const char *host);

/*
 * After a handshake that failed: why the peer's certificate was refused, in words ("self-signed
 * certificate", "hostname mismatch"); NULL when that was not the reason.
 */
const char *tls_refused(const SSL *ssl);

/* The peer's own certificate, of a client; NULL: it showed none. Borrowed from the connection. */
X509 *tls_peer(const SSL *ssl);

/* Channel binding data: tls-exporter (RFC 9266) on TLS 1.3, tls-unique (RFC 5929) on TLS 1.2. 0 or -ENOENT.
 */
int tls_channel_binding(SSL *ssl, char out[64], size_t *len, const char **type);

/* After a server's handshake: the protocol that both chose (RFC 7301); empty: the client named none. Valid as
 * long as the connection. */
struct view tls_alpn(const SSL *ssl);

/* "TLSv1.3" and the cipher's name, for log lines and trace headers. */
const char *tls_version(const SSL *ssl);
const char *tls_cipher(const SSL *ssl);

/* What went wrong last in this thread, in words for a log line; clears OpenSSL's queue. */
const char *tls_error_text(char *out, size_t size);

#endif
