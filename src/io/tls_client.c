/*
 * TLS as a client: what is demanded of the peer, checked by OpenSSL's own verification (chains, names, DANE),
 * and sessions kept for resumption, since mail goes to the same few hosts again and again. A session is kept
 * in its serialized form: an eighth of the size of the structures that OpenSSL makes of it.
 */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "io/tls_private.h"

enum { KEY_SIZE = 32, SESSION_BYTES_MAX = 16 * 1024 };

enum verified { NOT_VERIFIED, BY_PKIX, BY_DANE_TA, BY_DANE_EE };

/* What a connection remembers of its demand. */
struct peer {
	struct tls_sessions *sessions; /* NULL: no session is kept */
	unsigned char key[KEY_SIZE];
	enum tls_proof proof;
	bool tried;             /* a session was offered */
	enum verified resuming; /* how the peer of that session was verified */
};

static int peer_index = -1; /* of SSL's extra data */

static struct peer *peer_of(const SSL *ssl)
{
	return peer_index >= 0 ? SSL_get_ex_data(ssl, peer_index) : NULL;
}

/* ---- sessions ---- */

struct session {
	unsigned char key[KEY_SIZE];
	struct session *newer, *older;
	int64_t expires; /* monotonic ms */
	enum verified verified;
	size_t len;
	unsigned char bytes[];
};

struct tls_sessions {
	struct map map;
	struct session *newest, *oldest;
};

static void unlink_session(struct tls_sessions *all, struct session *s)
{
	*(s->newer ? &s->newer->older : &all->newest) = s->older;
	*(s->older ? &s->older->newer : &all->oldest) = s->newer;
}

static void link_newest(struct tls_sessions *all, struct session *s)
{
	s->newer = NULL;
	s->older = all->newest;
	*(all->newest ? &all->newest->newer : &all->oldest) = s;
	all->newest = s;
}

static void forget(struct tls_sessions *all, const unsigned char key[KEY_SIZE])
{
	struct session *s = map_remove(&all->map, view_of(key, KEY_SIZE));
	if (s == NULL)
		return;
	unlink_session(all, s);
	mem_free(s);
}

static void keep(
    struct tls_sessions *all, const struct peer *peer, SSL_SESSION *session, enum verified verified)
{
	int len = i2d_SSL_SESSION(session, NULL);
	if (len <= 0 || len > SESSION_BYTES_MAX)
		return;
	forget(all, peer->key);
	if (all->map.count >= TLS_SESSIONS_MAX)
		forget(all, all->oldest->key);
	struct session *s = mem_alloc(sizeof *s + (size_t)len);
	unsigned char *end = s->bytes;
	s->len = (size_t)i2d_SSL_SESSION(session, &end);
	s->verified = verified;
	s->expires = clock_monotonic_ms() + TLS_SESSION_SECONDS * 1000;
	memcpy(s->key, peer->key, KEY_SIZE);
	map_set(&all->map, view_of(s->key, KEY_SIZE), s);
	link_newest(all, s);
}

static void offer_session(SSL *ssl, struct peer *peer)
{
	struct session *s = map_get(&peer->sessions->map, view_of(peer->key, KEY_SIZE));
	if (s && s->expires <= clock_monotonic_ms()) {
		forget(peer->sessions, peer->key);
		s = NULL;
	}
	if (s == NULL)
		return;
	const unsigned char *at = s->bytes;
	SSL_SESSION *session = d2i_SSL_SESSION(NULL, &at, (long)s->len);
	if (session && SSL_SESSION_is_resumable(session) && SSL_set_session(ssl, session) == 1) {
		peer->tried = true;
		peer->resuming = s->verified;
		unlink_session(peer->sessions, s);
		link_newest(peer->sessions, s);
	}
	SSL_SESSION_free(session);
	ERR_clear_error();
}

/* ---- who the peer is ---- */

X509 *tls_peer(const SSL *ssl)
{
	return SSL_get0_peer_certificate(ssl);
}

static enum verified verified_by(const SSL *ssl)
{
	const struct peer *peer = peer_of(ssl);
	uint8_t usage, selector, matching;
	if (peer == NULL || peer->proof == TLS_ANY || SSL_get_verify_result(ssl) != X509_V_OK)
		return NOT_VERIFIED;
	if (SSL_session_reused(ssl))
		return peer->tried ? peer->resuming : NOT_VERIFIED;
	if (SSL_get0_peer_certificate(ssl) == NULL)
		return NOT_VERIFIED;
	if (peer->proof == TLS_PKIX)
		return BY_PKIX;
	/* OpenSSL's functions are not const, and change nothing. */
	if (SSL_get0_dane_tlsa((SSL *)(uintptr_t)ssl, &usage, &selector, &matching, NULL, NULL) < 0)
		return NOT_VERIFIED;
	return usage == 3 ? BY_DANE_EE : BY_DANE_TA;
}

const char *tls_verified(const SSL *ssl)
{
	static const char *const names[] = {[NOT_VERIFIED] = "not verified",
	    [BY_PKIX] = "pkix",
	    [BY_DANE_TA] = "dane-ta",
	    [BY_DANE_EE] = "dane-ee"};
	return names[verified_by(ssl)];
}

bool tls_resumed(const SSL *ssl)
{
	return SSL_session_reused(ssl) == 1;
}

const char *tls_refused(const SSL *ssl)
{
	const struct peer *peer = peer_of(ssl);
	long result = SSL_get_verify_result(ssl);
	if (peer == NULL || peer->proof == TLS_ANY || result == X509_V_OK)
		return NULL;
	return X509_verify_cert_error_string(result);
}

const char *tls_unproven(const SSL *ssl, const char *host)
{
	X509 *certificate = SSL_get0_peer_certificate(ssl);
	long result = SSL_get_verify_result(ssl);
	if (certificate == NULL)
		return "the host showed no certificate";
	/* OpenSSL looks at the chain also where nothing is demanded; the name it must be asked for. */
	if (result == X509_V_OK &&
	    X509_check_host(certificate, host, 0,
	        X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL) != 1)
		result = X509_V_ERR_HOSTNAME_MISMATCH;
	ERR_clear_error();
	return result == X509_V_OK ? NULL : X509_verify_cert_error_string(result);
}

/* A ticket has come, with TLS 1.3 at any time after the handshake. */
static int session_came(SSL *ssl, SSL_SESSION *session)
{
	const struct peer *peer = peer_of(ssl);
	if (peer && peer->sessions) {
		enum verified verified = verified_by(ssl);
		if (peer->proof == TLS_ANY || verified != NOT_VERIFIED)
			keep(peer->sessions, peer, session, verified);
	}
	return 0; /* the reference stays OpenSSL's */
}

/* ---- contexts ---- */

struct tls_context *tls_client_new(struct view ca_pem)
{
	struct tls_context *context = mem_alloc(sizeof *context);
	SSL_CTX *ctx = tls_new_ssl_ctx(TLS_client_method());
	context->references = 1;
	if (peer_index < 0)
		peer_index = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	if (ctx == NULL || peer_index < 0 || SSL_CTX_dane_enable(ctx) != 1) {
		SSL_CTX_free(ctx);
		mem_free(context);
		return NULL;
	}
	context->contexts[context->count++] = ctx;
	context->sessions = mem_alloc(sizeof *context->sessions);
	map_init(&context->sessions->map);
	/* A connection that was cut must be told from one that ended (stream_was_cut). */
	SSL_CTX_clear_options(ctx, SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(ctx, session_came);
	if (ca_pem.len == 0)
		return context;
	STACK_OF(X509) *chain = tls_read_chain(ca_pem);
	X509_STORE *store = SSL_CTX_get_cert_store(ctx);
	for (int i = 0; i < sk_X509_num(chain); i++)
		X509_STORE_add_cert(store, sk_X509_value(chain, i));
	sk_X509_pop_free(chain, X509_free);
	ERR_clear_error();
	return context;
}

void tls_sessions_free(struct tls_sessions *all)
{
	if (all == NULL)
		return;
	while (all->oldest)
		forget(all, all->oldest->key);
	map_done(&all->map);
	mem_free(all);
}

/* ---- connections ---- */

static void digest_part(EVP_MD_CTX *md, struct view part)
{
	uint64_t len = part.len;
	EVP_DigestUpdate(md, &len, sizeof len);
	EVP_DigestUpdate(md, part.data, part.len);
}

/* The key that only an equal demand has. */
static bool digest_demand(const struct tls_demand *d, unsigned char key[KEY_SIZE])
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	bool good = md && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1;
	if (good) {
		digest_part(md, view_of(&d->proof, sizeof d->proof));
		digest_part(md, view_from_string(d->session));
		digest_part(md, view_from_string(d->host));
		digest_part(md, view_of(&d->name_count, sizeof d->name_count));
		for (size_t i = 0; i < d->name_count; i++)
			digest_part(md, view_from_string(d->names[i]));
		for (size_t i = 0; i < d->association_count; i++) {
			const struct tls_association *a = &d->associations[i];
			const uint8_t head[] = {a->usage, a->selector, a->matching};
			digest_part(md, view_of(head, sizeof head));
			digest_part(md, a->data);
		}
		good = EVP_DigestFinal_ex(md, key, NULL) == 1;
	}
	EVP_MD_CTX_free(md);
	return good;
}

static bool is_address(const char *host)
{
	ASN1_OCTET_STRING *address = a2i_IPADDRESS(host);
	ASN1_OCTET_STRING_free(address);
	ERR_clear_error();
	return address != NULL;
}

static int expect_names(SSL *ssl, const struct tls_demand *d)
{
	for (size_t i = 0; i < d->name_count && i < TLS_NAMES_MAX; i++)
		if (SSL_add1_host(ssl, d->names[i]) != 1)
			return -ENOMEM;
	SSL_set_verify(ssl, SSL_VERIFY_PEER, NULL);
	return 0;
}

static int expect_pkix(SSL *ssl, const struct tls_demand *d)
{
	if (d->host == NULL || SSL_set1_host(ssl, d->host) != 1)
		return -EINVAL;
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
	return expect_names(ssl, d);
}

static int expect_dane(SSL *ssl, const struct tls_demand *d)
{
	size_t usable = 0;
	if (d->host == NULL || is_address(d->host) || SSL_dane_enable(ssl, d->host) != 1)
		return -EINVAL;
	/* RFC 7672 section 3.1.1: what matches DANE-EE needs no name and no date. */
	SSL_dane_set_flags(ssl, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	for (size_t i = 0; i < d->association_count && i < TLS_ASSOCIATIONS_MAX; i++) {
		const struct tls_association *a = &d->associations[i];
		if (a->usage == 2 || a->usage == 3)
			usable += SSL_dane_tlsa_add(ssl, a->usage, a->selector, a->matching,
			              (const unsigned char *)a->data.data, a->data.len) == 1;
	}
	ERR_clear_error(); /* of records that are not usable */
	return usable ? expect_names(ssl, d) : -EINVAL;
}

static int expect(SSL *ssl, const struct tls_demand *d)
{
	if (d->proof == TLS_PKIX)
		return expect_pkix(ssl, d);
	if (d->proof == TLS_DANE)
		return expect_dane(ssl, d);
	SSL_set_verify(ssl, SSL_VERIFY_NONE, NULL);
	/* A short key protects better than none. */
	SSL_set_security_level(ssl, 1);
	return 0;
}

int tls_connect_new(struct tls_context *context, int fd, const struct tls_demand *d, SSL **out)
{
	SSL *ssl = SSL_new(context->contexts[0]);
	int error = ssl && SSL_set_fd(ssl, fd) == 1 ? 0 : -ENOMEM;
	if (error == 0 && d->host && !is_address(d->host) && SSL_set_tlsext_host_name(ssl, d->host) != 1)
		error = -EINVAL;
	if (error == 0 && d->proof != TLS_ANY && SSL_set_cipher_list(ssl, TLS_SUITES TLS_SUITES_DHE) != 1)
		error = -ENOMEM;
	if (error == 0)
		error = expect(ssl, d);
	if (error) {
		SSL_free(ssl);
		ERR_clear_error();
		return error;
	}
	struct peer *peer = mem_alloc(sizeof *peer);
	peer->proof = d->proof;
	SSL_set_ex_data(ssl, peer_index, peer);
	SSL_set_app_data(ssl, tls_context_ref(context));
	if (d->session && digest_demand(d, peer->key)) {
		peer->sessions = context->sessions;
		offer_session(ssl, peer);
	}
	SSL_set_connect_state(ssl);
	*out = ssl;
	return 0;
}

static void empty(STACK_OF(X509) * chain)
{
	while (chain && sk_X509_num(chain) > 0)
		X509_free(sk_X509_pop(chain));
}

/* Two or three certificates that nobody looks at any more take 8 KB and more of each connection, a third of
 * it all. */
void tls_settle(SSL *ssl)
{
	if (peer_of(ssl) == NULL)
		return;
	empty(SSL_get_peer_cert_chain(ssl));
	empty(SSL_get0_verified_chain(ssl));
}

void tls_client_release(SSL *ssl)
{
	struct peer *peer = peer_of(ssl);
	/* A session that a handshake failed with would fail again. */
	if (peer && peer->tried && !SSL_is_init_finished(ssl))
		forget(peer->sessions, peer->key);
	mem_free(peer);
	if (peer)
		SSL_set_ex_data(ssl, peer_index, NULL);
}
