/* TLS contexts on OpenSSL 3: one SSL_CTX a certificate, chosen by the name that the client asks for (RFC
 * 6066). */
#include "io/tls.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "io/tls_private.h"
#include "io/tls_records.h"
#include "io/tls_remote.h"

int tls_set_signer(tls_sign sign, void *arg)
{
	return tls_remote_install(sign, arg);
}

const char *tls_error_text(char *out, size_t size)
{
	unsigned long error = ERR_get_error();
	if (error == 0)
		snprintf(out, size, "connection closed");
	else
		ERR_error_string_n(error, out, size);
	ERR_clear_error();
	return out;
}

/* ---- contexts ---- */

/* Whether the client's list (RFC 7301 section 3.1) has the protocol, and where. */
static bool is_offered(struct view name, const unsigned char *in, unsigned in_len, const unsigned char **out,
    unsigned char *out_len)
{
	for (unsigned at = 0; at < in_len && at + 1 + in[at] <= in_len; at += 1u + in[at]) {
		if (!view_equal(view_of(in + at + 1, in[at]), name))
			continue;
		*out = in + at + 1;
		*out_len = in[at];
		return true;
	}
	return false;
}

static int choose_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in,
    unsigned in_len, void *arg)
{
	const struct tls_context *context = arg;
	struct view mine = view_from_string(context->alpn), name;
	(void)ssl;
	while (mine.len && view_next(&mine, ' ', &name))
		if (is_offered(name, in, in_len, out, out_len))
			return SSL_TLSEXT_ERR_OK;
	/* A client that asks for another protocol only is refused: RFC 7301, and ALPACA. */
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static int choose_certificate(SSL *ssl, int *alert, void *arg)
{
	const struct tls_context *context = arg;
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	(void)alert;
	if (name == NULL)
		return SSL_TLSEXT_ERR_NOACK;
	for (unsigned i = 0; i < context->count; i++) {
		if (X509_check_host(context->leaves[i], name, 0, 0, NULL) != 1)
			continue;
		SSL_set_SSL_CTX(ssl, context->contexts[i]);
		return SSL_TLSEXT_ERR_OK;
	}
	return SSL_TLSEXT_ERR_NOACK;
}

SSL_CTX *tls_new_ssl_ctx(const SSL_METHOD *method)
{
	SSL_CTX *ctx = SSL_CTX_new(method);
	if (ctx == NULL)
		return NULL;
	SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	/* Released buffers: an idle connection holds 14 KB instead of 46. */
	SSL_CTX_set_mode(ctx,
	    SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
	                             SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
	                             SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	return ctx;
}

struct tls_context *tls_server_new(const char *alpn)
{
	struct tls_context *context = mem_alloc(sizeof *context);
	context->references = 1;
	context->alpn = alpn ? mem_string(view_from_string(alpn)) : NULL;
	return context;
}

STACK_OF(X509) * tls_read_chain(struct view pem)
{
	STACK_OF(X509) *chain = sk_X509_new_null();
	BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.len);
	X509 *certificate;
	while (chain && bio && (certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL)
		sk_X509_push(chain, certificate);
	BIO_free(bio);
	ERR_clear_error(); /* the end of the file counts as an error there */
	return chain;
}

static int use_chain(SSL_CTX *ctx, STACK_OF(X509) * chain, unsigned key)
{
	X509 *leaf = sk_X509_value(chain, 0);
	EVP_PKEY *remote = tls_remote_key(X509_get0_pubkey(leaf), key);
	if (remote == NULL)
		return -ENOTSUP;
	int good = SSL_CTX_use_certificate(ctx, leaf) == 1 && SSL_CTX_use_PrivateKey(ctx, remote) == 1;
	EVP_PKEY_free(remote);
	for (int i = 1; good && i < sk_X509_num(chain); i++)
		good = SSL_CTX_add1_chain_cert(ctx, sk_X509_value(chain, i)) == 1;
	return good ? 0 : -EINVAL;
}

void tls_server_allow_cbc(struct tls_context *context)
{
	context->cbc = true;
}

void tls_server_lean(struct tls_context *context)
{
	context->lean = true;
}

int tls_server_add(struct tls_context *context, struct view chain_pem, unsigned key)
{
	static const unsigned char session_scope[] = "postrider";
	if (context->count == TLS_CERTIFICATES_MAX)
		return -ENOSPC;
	STACK_OF(X509) *chain = tls_read_chain(chain_pem);
	int error = chain == NULL || sk_X509_num(chain) == 0 ? -EINVAL : 0;
	SSL_CTX *ctx = error ? NULL : tls_new_ssl_ctx(TLS_server_method());
	if (error == 0)
		error = ctx && SSL_CTX_set_cipher_list(
		                   ctx, context->cbc ? TLS_SUITES TLS_SUITES_CBC : TLS_SUITES) == 1
		            ? use_chain(ctx, chain, key)
		            : -ENOMEM;
	sk_X509_pop_free(chain, X509_free);
	if (error) {
		SSL_CTX_free(ctx);
		return error;
	}
	SSL_CTX_set_session_id_context(ctx, session_scope, sizeof session_scope - 1);
	SSL_CTX_set_num_tickets(ctx, 1);
	SSL_CTX_set_tlsext_servername_callback(ctx, choose_certificate);
	SSL_CTX_set_tlsext_servername_arg(ctx, context);
	if (context->alpn)
		SSL_CTX_set_alpn_select_cb(ctx, choose_alpn, context);
	if (context->lean)
		tls_records_prepare(ctx);
	context->leaves[context->count] = SSL_CTX_get0_certificate(ctx);
	context->contexts[context->count++] = ctx;
	return 0;
}

/* RFC 5077 section 4: name, then AES-256-CBC and HMAC-SHA-256. 0: unknown, a full handshake; 2: to be
 * replaced. */
static int use_ticket_key(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
    EVP_MAC_CTX *mac, int encrypting)
{
	struct tls_context *context = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	static char digest[] = "SHA256";
	unsigned i = 0;
	while (!encrypting && i < context->ticket_count && memcmp(name, context->tickets[i].name, 16) != 0)
		i++;
	if (i == context->ticket_count)
		return 0;
	struct tls_ticket_key *key = &context->tickets[i];
	OSSL_PARAM params[] = {OSSL_PARAM_octet_string(OSSL_MAC_PARAM_KEY, key->mac, sizeof key->mac),
	    OSSL_PARAM_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, sizeof digest - 1), OSSL_PARAM_END};
	if (encrypting) {
		memcpy(name, key->name, sizeof key->name);
		random_bytes(iv, (size_t)EVP_CIPHER_get_iv_length(EVP_aes_256_cbc()));
	}
	if (EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), NULL, key->cipher, iv, encrypting) != 1 ||
	    EVP_MAC_CTX_set_params(mac, params) != 1)
		return -1;
	return i == 0 ? 1 : 2;
}

static void take_ticket_key(struct tls_ticket_key *key, struct view bytes)
{
	memcpy(key->name, bytes.data, sizeof key->name);
	memcpy(key->mac, bytes.data + sizeof key->name, sizeof key->mac);
	memcpy(key->cipher, bytes.data + sizeof key->name + sizeof key->mac, sizeof key->cipher);
}

int tls_server_set_ticket_keys(struct tls_context *context, struct view key, struct view previous)
{
	if (key.len != TLS_TICKET_KEY_SIZE || (previous.len != 0 && previous.len != TLS_TICKET_KEY_SIZE))
		return -EINVAL;
	take_ticket_key(&context->tickets[0], key);
	if (previous.len)
		take_ticket_key(&context->tickets[1], previous);
	context->ticket_count = previous.len ? 2 : 1;
	for (unsigned i = 0; i < context->count; i++) {
		SSL_CTX_set_app_data(context->contexts[i], context);
		SSL_CTX_set_tlsext_ticket_key_evp_cb(context->contexts[i], use_ticket_key);
	}
	return 0;
}

struct tls_context *tls_context_ref(struct tls_context *context)
{
	context->references++;
	return context;
}

void tls_context_unref(struct tls_context *context)
{
	if (context == NULL || --context->references > 0)
		return;
	for (unsigned i = 0; i < context->count; i++)
		SSL_CTX_free(context->contexts[i]);
	tls_sessions_free(context->sessions);
	mem_wipe(context->tickets, sizeof context->tickets);
	mem_free(context->alpn);
	mem_free(context);
}

/* ---- connections ---- */

SSL *tls_accept_new(struct tls_context *context, int fd)
{
	SSL *ssl = context->count ? SSL_new(context->contexts[0]) : NULL;
	if (ssl && SSL_set_fd(ssl, fd) == 1) {
		SSL_set_accept_state(ssl);
		SSL_set_app_data(ssl, tls_context_ref(context));
		return ssl;
	}
	SSL_free(ssl);
	return NULL;
}

void tls_free(SSL *ssl)
{
	if (ssl == NULL)
		return;
	struct tls_context *context = SSL_get_app_data(ssl);
	tls_client_release(ssl);
	SSL_free(ssl);
	tls_context_unref(context);
}

struct view tls_alpn(const SSL *ssl)
{
	const unsigned char *name = NULL;
	unsigned len = 0;
	SSL_get0_alpn_selected(ssl, &name, &len);
	return view_of(name, len);
}

int tls_channel_binding(SSL *ssl, char out[64], size_t *len, const char **type)
{
	static const char label[] = "EXPORTER-Channel-Binding";
	if (SSL_version(ssl) >= TLS1_3_VERSION) {
		if (SSL_export_keying_material(ssl, (unsigned char *)out, 32, label, sizeof label - 1,
		        (const unsigned char *)"", 0, 1) != 1)
			return -ENOENT;
		*len = 32;
		*type = "tls-exporter";
		return 0;
	}
	/* The first Finished message: the client's, or the server's when a session was resumed. */
	bool ours = SSL_is_server(ssl) ? SSL_session_reused(ssl) : !SSL_session_reused(ssl);
	*len = ours ? SSL_get_finished(ssl, out, 64) : SSL_get_peer_finished(ssl, out, 64);
	*type = "tls-unique";
	return *len > 0 && *len <= 64 ? 0 : -ENOENT;
}

const char *tls_version(const SSL *ssl)
{
	return SSL_get_version(ssl);
}

const char *tls_cipher(const SSL *ssl)
{
	return SSL_get_cipher_name(ssl);
}
