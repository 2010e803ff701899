/* TLS between two streams of one loop; the private keys are reached only through the signer. */
#include "../unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "io/fiber.h"
#include "io/stream.h"
#include "io/tls.h"

static EVP_PKEY *keys[3];
static unsigned signatures;
static struct view last_tbs_head;
static char tbs_copy[256];

/* Stands for the keys role. */
static int sign_here(
    void *arg, unsigned key, struct view algorithm, bool pss, struct view tbs, struct tls_wait *wait)
{
	unsigned char signature[TLS_SIGNATURE_MAX];
	size_t len = sizeof signature;
	(void)arg;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx = NULL;
	char digest[32] = "";
	memcpy(digest, algorithm.data, algorithm.len);
	assert_int_equal(
	    EVP_DigestSignInit_ex(ctx, &pctx, digest[0] ? digest : NULL, NULL, NULL, keys[key], NULL), 1);
	if (pss) {
		EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING);
		EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST);
	}
	assert_int_equal(EVP_DigestSign(ctx, signature, &len, (const unsigned char *)tbs.data, tbs.len), 1);
	EVP_MD_CTX_free(ctx);
	signatures++;
	memcpy(tbs_copy, tbs.data, tbs.len < sizeof tbs_copy ? tbs.len : sizeof tbs_copy);
	last_tbs_head = view_of(tbs_copy, tbs.len);
	tls_signed(wait, 0, view_of(signature, len));
	return 0;
}

static void certificate(EVP_PKEY *key, const char *name, struct buf *pem)
{
	X509 *x = X509_new();
	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -3600);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_set_pubkey(x, key);
	X509_NAME_add_entry_by_txt(
	    X509_get_subject_name(x), "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(x));
	char alt[100];
	snprintf(alt, sizeof alt, "DNS:%s", name);
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, alt);
	X509_add_ext(x, extension, -1);
	X509_EXTENSION_free(extension);
	X509_sign(x, key, EVP_PKEY_is_a(key, "ED25519") ? NULL : EVP_sha256());
	BIO *bio = BIO_new(BIO_s_mem());
	PEM_write_bio_X509(bio, x);
	char *data;
	long len = BIO_get_mem_data(bio, &data);
	buf_append(pem, view_of(data, (size_t)len));
	BIO_free(bio);
	X509_free(x);
}

struct end {
	struct stream stream;
	struct buf got;
	bool secured, ended, echo;
	char binding[64];
	size_t binding_len;
	char peer_name[64];
};

static size_t take(void *arg, struct view bytes)
{
	struct end *e = arg;
	if (e->echo)
		stream_write(&e->stream, bytes);
	buf_append(&e->got, bytes);
	return bytes.len;
}

static void secured(void *arg)
{
	struct end *e = arg;
	const char *type;
	e->secured = true;
	assert_int_equal(tls_channel_binding(e->stream.ssl, e->binding, &e->binding_len, &type), 0);
	X509 *peer = SSL_get1_peer_certificate(e->stream.ssl);
	if (peer)
		X509_NAME_get_text_by_NID(X509_get_subject_name(peer), NID_commonName, e->peer_name, 64);
	X509_free(peer);
}

static void ended(void *arg, enum stream_end how)
{
	struct end *e = arg;
	(void)how;
	e->ended = true;
}

static const struct stream_handler handler = {.input = take, .secured = secured, .ended = ended};

static struct tls_context *server_context(void)
{
	static const char *const names[] = {"ec.example", "rsa.example", "ed.example"};
	struct tls_context *context = tls_server_new("pop3");
	for (unsigned i = 0; i < 3; i++) {
		struct buf pem;
		buf_init(&pem, 10000);
		certificate(keys[i], names[i], &pem);
		assert_int_equal(tls_server_add(context, buf_view(&pem), i), 0);
		buf_done(&pem);
	}
	return context;
}

/* Of several protocols the one that this server prefers, whatever the client's order. */
static void chooses_the_protocol(void **state)
{
	static const struct {
		const char *offered; /* with the lengths that the wire has */
		const char *chosen;  /* NULL: the handshake fails */
	} cases[] = {{"\x08http/1.1", "http/1.1"}, {"\x08http/1.1\x02h2", "h2"}, {"\x02h2\x08http/1.1", "h2"},
	    {"\x02hq\x08http/1.1", "http/1.1"}, {"\x03h2c", NULL}, {"\x01h", NULL}, {"", ""}};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct loop loop;
		struct end server = {0};
		int pair[2];
		struct buf pem;
		loop_init(&loop);
		buf_init(&pem, 10000);
		certificate(keys[0], "ec.example", &pem);
		struct tls_context *context = tls_server_new("h2 http/1.1");
		struct tls_context *client_side = tls_client_new((struct view){0});
		assert_int_equal(tls_server_add(context, buf_view(&pem), 0), 0);
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
		stream_init(&server.stream, &loop, pair[0], &handler, &server);
		assert_int_equal(fcntl(pair[1], F_SETFL, O_NONBLOCK), 0);
		assert_int_equal(stream_start_tls(&server.stream, context), 0);
		SSL *ssl = NULL;
		assert_int_equal(tls_connect_new(client_side, pair[1], &(struct tls_demand){0}, &ssl), 0);
		if (cases[i].offered[0])
			assert_int_equal(SSL_set_alpn_protos(ssl, (const unsigned char *)cases[i].offered,
			                     (unsigned)strlen(cases[i].offered)),
			    0);
		int shaken = 0;
		for (int turn = 0; turn < 1000 && shaken != 1 && !server.ended; turn++) {
			shaken = SSL_do_handshake(ssl);
			loop_turn(&loop);
		}
		assert_int_equal(shaken == 1, cases[i].chosen != NULL);
		for (int turn = 0; turn < 1000 && !server.secured && !server.ended; turn++)
			loop_turn(&loop);
		if (cases[i].chosen)
			assert_true(
			    view_equal(tls_alpn(server.stream.ssl), view_from_string(cases[i].chosen)));
		tls_free(ssl);
		stream_free(&server.stream);
		close(pair[1]);
		tls_context_unref(context);
		tls_context_unref(client_side);
		loop_done(&loop);
		buf_done(&pem);
	}
}

/* TLS 1.2 with forward secrecy and authenticated encryption; with CBC where it was allowed, and never without
 * forward secrecy. */
static void speaks_good_suites_alone(void **state)
{
	(void)state;
	for (int cbc = 0; cbc < 2; cbc++) {
		struct tls_context *context = tls_server_new(NULL);
		struct buf pem;
		int aead = 0, others = 0;
		buf_init(&pem, 10000);
		certificate(keys[0], "ec.example", &pem);
		if (cbc)
			tls_server_allow_cbc(context);
		assert_int_equal(tls_server_add(context, buf_view(&pem), 0), 0);
		SSL *ssl = tls_accept_new(context, 0);
		assert_non_null(ssl);
		STACK_OF(SSL_CIPHER) *suites = SSL_get_ciphers(ssl);
		for (int i = 0; i < sk_SSL_CIPHER_num(suites); i++) {
			const SSL_CIPHER *suite = sk_SSL_CIPHER_value(suites, i);
			int exchange = SSL_CIPHER_get_kx_nid(suite);
			assert_true(exchange == NID_kx_any || exchange == NID_kx_ecdhe);
			if (SSL_CIPHER_is_aead(suite))
				aead++;
			else
				others++;
		}
		assert_true(aead >= 8); /* TLS 1.3 has two or three more */
		assert_int_equal(others > 0, cbc);
		tls_free(ssl);
		tls_context_unref(context);
		buf_done(&pem);
	}
}

static void converse(const char *name, int version, const char *expected_name)
{
	struct loop loop;
	struct end server = {.echo = true}, client = {.echo = false};
	int pair[2];
	loop_init(&loop);
	buf_init(&server.got, 1 << 22);
	buf_init(&client.got, 1 << 22);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	stream_init(&server.stream, &loop, pair[0], &handler, &server);
	stream_init(&client.stream, &loop, pair[1], &handler, &client);
	struct tls_context *context = server_context(), *client_side = tls_client_new((struct view){0});
	assert_int_equal(stream_start_tls(&server.stream, context), 0);
	SSL_set_max_proto_version(server.stream.ssl, version);
	assert_int_equal(
	    stream_connect_tls(&client.stream, client_side, &(struct tls_demand){.host = name}), 0);
	for (int i = 0; i < 1000 && !(server.secured && client.secured); i++)
		loop_turn(&loop);
	assert_true(server.secured && client.secured);
	assert_string_equal(client.peer_name, expected_name);
	assert_int_equal(server.binding_len, client.binding_len);
	assert_memory_equal(server.binding, client.binding, server.binding_len);

	static char data[1 << 20];
	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (char)(i * 7 + i / 1000);
	stream_write(&client.stream, view_of(data, sizeof data));
	for (int i = 0; i < 10000 && buf_view(&client.got).len < sizeof data; i++)
		loop_turn(&loop);
	assert_int_equal(buf_view(&client.got).len, sizeof data);
	assert_memory_equal(buf_view(&client.got).data, data, sizeof data);
	/* An idle stream keeps no buffers. */
	assert_int_equal(client.stream.out.cap, 0);
	assert_int_equal(server.stream.leftover.cap, 0);

	stream_close(&client.stream);
	for (int i = 0; i < 100 && !client.ended; i++)
		loop_turn(&loop);
	assert_true(client.ended);
	stream_free(&client.stream);
	for (int i = 0; i < 100 && !server.ended; i++)
		loop_turn(&loop);
	assert_true(server.ended);
	stream_free(&server.stream);
	tls_context_unref(context);
	tls_context_unref(client_side);
	buf_done(&server.got);
	buf_done(&client.got);
	loop_done(&loop);
}

static void signs_elsewhere_with_every_kind_of_key(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		int version = i ? TLS1_2_VERSION : TLS1_3_VERSION;
		unsigned before = signatures;
		converse("ec.example", version, "ec.example");
		converse("rsa.example", version, "rsa.example");
		converse("ed.example", version, "ed.example");
		converse("unknown.example", version, "ec.example");
		assert_int_equal(signatures - before, 4);
		if (version == TLS1_3_VERSION)
			assert_memory_equal(last_tbs_head.data + 64, "TLS 1.3, server CertificateVerify", 33);
	}
}

/* A proxy's header and the client's first message may come in one packet: whatever was read with it belongs
 * to TLS. */
static void takes_what_was_read_before_it_began(void **state)
{
	(void)state;
	for (size_t early = 1; early < 300; early += 41) {
		struct loop loop;
		struct end server = {.echo = true}, client = {.echo = false};
		int pair[2];
		char hello[4096];
		loop_init(&loop);
		buf_init(&server.got, 1000);
		buf_init(&client.got, 1000);
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
		stream_init(&client.stream, &loop, pair[1], &handler, &client);
		struct tls_context *context = server_context(),
		                   *client_side = tls_client_new((struct view){0});
		assert_int_equal(stream_connect_tls(
		                     &client.stream, client_side, &(struct tls_demand){.host = "ec.example"}),
		    0);
		ssize_t n = recv(pair[0], hello, early, 0);
		stream_init(&server.stream, &loop, pair[0], &handler, &server);
		buf_append(&server.stream.leftover, view_of(hello, (size_t)n));
		assert_int_equal(stream_start_tls(&server.stream, context), 0);
		for (int i = 0; i < 1000 && !(server.secured && client.secured); i++)
			loop_turn(&loop);
		assert_true(server.secured && client.secured);
		stream_write(&client.stream, VIEW("inside"));
		for (int i = 0; i < 100 && buf_view(&client.got).len < 6; i++)
			loop_turn(&loop);
		assert_view(buf_view(&client.got), "inside");
		/* The end is told in TLS. */
		stream_close(&server.stream);
		for (int i = 0; i < 100 && !(server.ended && client.ended); i++)
			loop_turn(&loop);
		assert_int_equal(
		    SSL_get_shutdown(client.stream.ssl) & SSL_RECEIVED_SHUTDOWN, SSL_RECEIVED_SHUTDOWN);
		stream_free(&server.stream);
		stream_free(&client.stream);
		tls_context_unref(context);
		tls_context_unref(client_side);
		buf_done(&server.got);
		buf_done(&client.got);
		loop_done(&loop);
	}
}

/* What was said in clear must not come out inside TLS, where it would answer other questions. */
static void does_not_begin_before_the_output_is_out(void **state)
{
	(void)state;
	static char much[4 << 20];
	struct loop loop;
	struct end server = {.echo = false};
	int pair[2];
	loop_init(&loop);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	stream_init(&server.stream, &loop, pair[0], &handler, &server);
	struct tls_context *context = server_context();
	stream_write(&server.stream, view_of(much, sizeof much));
	assert_int_equal(stream_start_tls(&server.stream, context), -11);
	assert_null(server.stream.ssl);
	stream_free(&server.stream);
	close(pair[1]);
	tls_context_unref(context);
	loop_done(&loop);
}

static void wait_once(void *arg)
{
	(void)arg;
	fiber_wait();
}

/* A handshake that finds no fiber ends; it does not wait for its deadline. The next one that finds one is
 * served. */
static void ends_when_there_are_too_many(void **state)
{
	static struct fiber *fibers[FIBERS_MAX];
	(void)state;
	struct loop loop;
	struct end server = {.echo = false}, client = {.echo = false};
	int pair[2];
	loop_init(&loop);
	buf_init(&server.got, 1000);
	buf_init(&client.got, 1000);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	stream_init(&server.stream, &loop, pair[0], &handler, &server);
	stream_init(&client.stream, &loop, pair[1], &handler, &client);
	struct tls_context *context = server_context(), *client_side = tls_client_new((struct view){0});
	assert_int_equal(stream_start_tls(&server.stream, context), 0);
	loop_turn(&loop);
	for (int i = 0; i < FIBERS_MAX; i++)
		assert_int_equal(fiber_run(wait_once, NULL, &fibers[i]), 0);
	assert_int_equal(
	    stream_connect_tls(&client.stream, client_side, &(struct tls_demand){.host = "ec.example"}), 0);
	for (int i = 0; i < 100 && !server.ended; i++)
		loop_turn(&loop);
	assert_true(server.ended && !server.secured);
	assert_non_null(strstr(server.stream.tls_failure, strerror(ENOMEM)));
	for (int i = 0; i < FIBERS_MAX; i++)
		assert_true(fiber_go_on(fibers[i]));
	stream_free(&server.stream);
	stream_free(&client.stream);
	tls_context_unref(context);
	tls_context_unref(client_side);
	buf_done(&server.got);
	buf_done(&client.got);
	loop_done(&loop);
	converse("ec.example", TLS1_3_VERSION, "ec.example");
}

static void refuses_what_is_no_chain(void **state)
{
	(void)state;
	struct tls_context *context = tls_server_new(NULL);
	assert_int_equal(tls_server_add(context, VIEW("not a certificate"), 0), -22);
	assert_null(tls_accept_new(context, 0));
	tls_context_unref(context);
}

static int prepare(void **state)
{
	(void)state;
	keys[0] = EVP_EC_gen("P-256");
	keys[1] = EVP_RSA_gen(2048);
	keys[2] = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	return tls_set_signer(sign_here, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(speaks_good_suites_alone),
	    cmocka_unit_test(chooses_the_protocol),
	    cmocka_unit_test(signs_elsewhere_with_every_kind_of_key),
	    cmocka_unit_test(takes_what_was_read_before_it_began),
	    cmocka_unit_test(does_not_begin_before_the_output_is_out),
	    cmocka_unit_test(ends_when_there_are_too_many),
	    cmocka_unit_test(refuses_what_is_no_chain),
	};
	return cmocka_run_group_tests(tests, prepare, NULL);
}
