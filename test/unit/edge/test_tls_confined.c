/*
 * A TLS client inside the relay's confinement: whatever it needs was loaded before. The server is in the same
 * process, and so is shown to need nothing either. It runs in a process of its own, since there is no way out
 * again.
 */
#include "../io/certificate.h"

#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "process/sandbox.h"
#include "io/stream.h"
#include "io/tls.h"

enum { DAY = 86400 };

static EVP_PKEY *key;

static int sign_here(
    void *arg, unsigned number, struct view algorithm, bool pss, struct view tbs, struct tls_wait *wait)
{
	unsigned char signature[TLS_SIGNATURE_MAX];
	size_t len = sizeof signature;
	(void)arg;
	(void)number;
	(void)pss;
	(void)algorithm;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int good = EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
	           EVP_DigestSign(ctx, signature, &len, (const unsigned char *)tbs.data, tbs.len) == 1;
	EVP_MD_CTX_free(ctx);
	tls_signed(wait, good ? 0 : -5, view_of(signature, len));
	return 0;
}

struct end {
	struct stream stream;
	bool secured, ended;
};

static size_t take(void *arg, struct view bytes)
{
	(void)arg;
	return bytes.len;
}

static void secured(void *arg)
{
	((struct end *)arg)->secured = true;
}

static void ended(void *arg, enum stream_end how)
{
	(void)how;
	((struct end *)arg)->ended = true;
}

static const struct stream_handler handler = {.input = take, .secured = secured, .ended = ended};

static bool shake_hands(struct loop *loop, int pair[2], struct tls_context *server_side,
    struct tls_context *client_side, const struct tls_demand *demand, const char *verified)
{
	struct end server = {.secured = false}, client = {.secured = false};
	stream_init(&server.stream, loop, pair[0], &handler, &server);
	stream_init(&client.stream, loop, pair[1], &handler, &client);
	if (stream_start_tls(&server.stream, server_side) != 0 ||
	    stream_connect_tls(&client.stream, client_side, demand) != 0)
		return false;
	for (int i = 0; i < 1000 && !client.ended && !(server.secured && client.secured); i++)
		loop_turn(loop);
	bool good = verified ? client.secured && strcmp(tls_verified(client.stream.ssl), verified) == 0
	                     : !client.secured && stream_tls_failure(&client.stream);
	stream_free(&client.stream);
	stream_free(&server.stream);
	return good;
}

/* Returns the number of the meeting that went wrong, or 0. */
static int confined(struct tls_context *server, struct tls_context *client, X509 *leaf)
{
	struct loop loop;
	int pairs[5][2];
	unsigned char digest[32];
	unsigned len = sizeof digest;
	loop_init(&loop);
	for (int i = 0; i < 5; i++)
		if (socketpair(AF_UNIX, SOCK_STREAM, 0, pairs[i]) != 0)
			return 10;
	X509_digest(leaf, EVP_sha256(), digest, &len);
	if (sandbox_enter(&sandbox_relay, -1, true) != 0)
		return 11;
	const struct tls_association record = {3, 0, 1, view_of(digest, 32)},
	                             wrong = {3, 1, 1, view_of(digest, 32)};
	const struct tls_demand
	    any = {.host = "mx.example", .session = "s"},
	    pkix = {.proof = TLS_PKIX, .host = "mx.example"},
	    name = {.proof = TLS_PKIX, .host = "other.example"},
	    dane = {.proof = TLS_DANE, .host = "mx.example", .associations = &record, .association_count = 1},
	    none = {.proof = TLS_DANE, .host = "mx.example", .associations = &wrong, .association_count = 1};
	if (!shake_hands(&loop, pairs[0], server, client, &any, "not verified"))
		return 1;
	if (!shake_hands(&loop, pairs[1], server, client, &pkix, "pkix"))
		return 2;
	if (!shake_hands(&loop, pairs[2], server, client, &name, NULL))
		return 3;
	if (!shake_hands(&loop, pairs[3], server, client, &dane, "dane-ee"))
		return 4;
	return shake_hands(&loop, pairs[4], server, client, &none, NULL) ? 0 : 5;
}

/* In a process of its own too: what OpenSSL loads for it must not be there already in the one that is looked
 * at. */
static void make_chain(int to)
{
	EVP_PKEY *ca_key = EVP_EC_gen("P-256"), *leaf_key = EVP_EC_gen("P-256");
	X509 *ca = make_certificate(ca_key, "Test CA", NULL, NULL, NULL, -DAY, DAY);
	X509 *leaf = make_certificate(leaf_key, "mx", "DNS:mx.example", ca, ca_key, -DAY, DAY);
	BIO *out = BIO_new_fd(to, BIO_NOCLOSE);
	bool good = PEM_write_bio_X509(out, leaf) && PEM_write_bio_X509(out, ca) &&
	            PEM_write_bio_PrivateKey(out, leaf_key, NULL, NULL, 0, NULL, NULL);
	_exit(good ? 0 : 1);
}

static int look_at(struct view pem)
{
	struct buf chain, authority;
	BIO *in = BIO_new_mem_buf(pem.data, (int)pem.len);
	X509 *leaf = PEM_read_bio_X509(in, NULL, NULL, NULL), *ca = PEM_read_bio_X509(in, NULL, NULL, NULL);
	key = PEM_read_bio_PrivateKey(in, NULL, NULL, NULL);
	if (leaf == NULL || ca == NULL || key == NULL)
		return 13;
	buf_init(&chain, 16384);
	buf_init(&authority, 16384);
	append_pem(&chain, leaf);
	append_pem(&authority, ca);
	tls_set_signer(sign_here, NULL);
	log_open(STDERR_FILENO, "test", LOG_INFO);
	struct tls_context *server = tls_server_new(NULL), *client = tls_client_new(buf_view(&authority));
	return tls_server_add(server, buf_view(&chain), 0) == 0 ? confined(server, client, leaf) : 12;
}

static int ends_with(pid_t child)
{
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void needs_nothing_more(void **state)
{
	(void)state;
	static char pem[16384];
	int pipe_ends[2];
	size_t len = 0;
	ssize_t n;
	assert_int_equal(pipe(pipe_ends), 0);
	pid_t child = fork();
	if (child == 0)
		make_chain(pipe_ends[1]);
	close(pipe_ends[1]);
	while ((n = read(pipe_ends[0], pem + len, sizeof pem - len)) > 0)
		len += (size_t)n;
	close(pipe_ends[0]);
	assert_int_equal(ends_with(child), 0);
	child = fork();
	if (child == 0)
		_exit(look_at(view_of(pem, len)));
	assert_int_equal(ends_with(child), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(needs_nothing_more)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
