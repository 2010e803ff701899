/* What a TLS client demands of the other end: certificates made on the fly, a server and a client on one
 * loop. */
#include "certificate.h"

#include <stdio.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/stream.h"
#include "io/tls.h"

enum { DAY = 86400 };

static EVP_PKEY *ca_key, *leaf_key;
static X509 *ca, *good, *expired, *only_cn, *wild, *partial, *with_address, *self_signed;

/* Stands for the keys role. */
static int sign_here(
    void *arg, unsigned key, struct view algorithm, bool pss, struct view tbs, struct tls_wait *wait)
{
	unsigned char signature[TLS_SIGNATURE_MAX];
	size_t len = sizeof signature;
	(void)arg;
	(void)key;
	(void)pss;
	char digest[32] = "";
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	memcpy(digest, algorithm.data, algorithm.len);
	assert_int_equal(EVP_DigestSignInit_ex(ctx, NULL, digest, NULL, NULL, leaf_key, NULL), 1);
	assert_int_equal(EVP_DigestSign(ctx, signature, &len, (const unsigned char *)tbs.data, tbs.len), 1);
	EVP_MD_CTX_free(ctx);
	tls_signed(wait, 0, view_of(signature, len));
	return 0;
}

static struct tls_context *server_with(X509 *leaf, X509 *issuer)
{
	struct tls_context *context = tls_server_new(NULL);
	struct buf pem;
	buf_init(&pem, 16384);
	append_pem(&pem, leaf);
	if (issuer)
		append_pem(&pem, issuer);
	assert_int_equal(tls_server_add(context, buf_view(&pem), 0), 0);
	buf_done(&pem);
	return context;
}

static struct tls_context *client_trusting(X509 *authority)
{
	struct buf pem;
	buf_init(&pem, 16384);
	buf_append_string(&pem, "# comments stand between certificates\n");
	if (authority)
		append_pem(&pem, authority);
	struct tls_context *context = tls_client_new(buf_view(&pem));
	buf_done(&pem);
	return context;
}

/* ---- one meeting ---- */

struct end {
	struct stream stream;
	bool secured, ended;
	size_t got;
};

static size_t take(void *arg, struct view bytes)
{
	((struct end *)arg)->got += bytes.len;
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

struct outcome {
	bool secured, resumed, cut;
	char verified[32], failure[256], version[16], sni[64];
};

static int tls_version_max;       /* 0: whatever both can */
static const char *server_suites; /* of TLS 1.2; NULL: as it has them */
static bool hang_up;              /* the server ends without a goodbye */

static struct outcome meet(
    struct tls_context *server_side, struct tls_context *client_side, const struct tls_demand *demand)
{
	struct loop loop;
	struct end server = {.secured = false}, client = {.secured = false};
	struct outcome outcome = {.secured = false};
	int pair[2];
	loop_init(&loop);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	stream_init(&server.stream, &loop, pair[0], &handler, &server);
	stream_init(&client.stream, &loop, pair[1], &handler, &client);
	assert_int_equal(stream_start_tls(&server.stream, server_side), 0);
	if (tls_version_max)
		SSL_set_max_proto_version(server.stream.ssl, tls_version_max);
	if (server_suites)
		assert_int_equal(SSL_set_cipher_list(server.stream.ssl, server_suites), 1);
	assert_int_equal(stream_connect_tls(&client.stream, client_side, demand), 0);
	for (int i = 0; i < 1000 && !client.ended && !(server.secured && client.secured); i++)
		loop_turn(&loop);
	outcome.secured = client.secured && !client.ended;
	if (stream_tls_failure(&client.stream))
		snprintf(outcome.failure, sizeof outcome.failure, "%s", stream_tls_failure(&client.stream));
	if (outcome.secured) {
		snprintf(outcome.verified, sizeof outcome.verified, "%s", tls_verified(client.stream.ssl));
		snprintf(outcome.version, sizeof outcome.version, "%s", tls_version(client.stream.ssl));
		const char *sni = SSL_get_servername(server.stream.ssl, TLSEXT_NAMETYPE_host_name);
		snprintf(outcome.sni, sizeof outcome.sni, "%s", sni ? sni : "");
		outcome.resumed = tls_resumed(client.stream.ssl);
		/* The client reads on, and so gets the tickets of TLS 1.3. */
		stream_write(&server.stream, VIEW("220"));
		for (int i = 0; i < 1000 && client.got < 3; i++)
			loop_turn(&loop);
		assert_int_equal(client.got, 3);
		if (hang_up)
			stream_free(&server.stream);
		else
			stream_close(&server.stream);
		for (int i = 0; i < 1000 && !client.ended; i++)
			loop_turn(&loop);
		assert_true(client.ended);
		outcome.cut = stream_was_cut(&client.stream);
	}
	stream_free(&client.stream);
	stream_free(&server.stream);
	loop_done(&loop);
	return outcome;
}

static struct outcome meet_one(X509 *leaf, X509 *issuer, X509 *trusted, const struct tls_demand *demand)
{
	struct tls_context *server = server_with(leaf, issuer), *client = client_trusting(trusted);
	struct outcome outcome = meet(server, client, demand);
	tls_context_unref(server);
	tls_context_unref(client);
	return outcome;
}

/* ---- tests ---- */

static void encrypts_with_anybody(void **state)
{
	(void)state;
	struct outcome o = meet_one(expired, NULL, NULL, &(struct tls_demand){.host = "mx.example"});
	assert_true(o.secured);
	assert_string_equal(o.verified, "not verified");
	assert_string_equal(o.sni, "mx.example");
	o = meet_one(good, NULL, ca, &(struct tls_demand){.host = NULL});
	assert_true(o.secured);
	assert_string_equal(o.verified, "not verified");
	/* An address is no name to be sent. */
	o = meet_one(good, NULL, ca, &(struct tls_demand){.host = "192.0.2.1"});
	assert_true(o.secured);
	assert_string_equal(o.sni, "");
}

static void pkix(X509 *leaf, X509 *trusted, const char *host, const char *failure)
{
	struct outcome o =
	    meet_one(leaf, NULL, trusted, &(struct tls_demand){.proof = TLS_PKIX, .host = host});
	if (failure) {
		assert_false(o.secured);
		assert_string_equal(o.failure, failure);
	} else {
		assert_string_equal(o.failure, "");
		assert_true(o.secured);
		assert_string_equal(o.verified, "pkix");
	}
}

static void proves_itself_by_a_chain_and_a_name(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		tls_version_max = i ? TLS1_2_VERSION : 0;
		pkix(good, ca, "mx.example", NULL);
		pkix(good, ca, "MX.Example", NULL);
		pkix(good, ca, "mx2.example", "certificate: hostname mismatch");
		pkix(good, NULL, "mx.example", "certificate: unable to get local issuer certificate");
		pkix(expired, ca, "mx.example", "certificate: certificate has expired");
		pkix(self_signed, ca, "mx.example", "certificate: self-signed certificate");
	}
	tls_version_max = 0;
	pkix(only_cn, ca, "mx.example", "certificate: hostname mismatch");
	pkix(wild, ca, "a.example.org", NULL);
	pkix(wild, ca, "a.b.example.org", "certificate: hostname mismatch");
	pkix(partial, ca, "mx1.example.org", "certificate: hostname mismatch");
	pkix(with_address, ca, "192.0.2.1", NULL);
	pkix(with_address, ca, "192.0.2.2", "certificate: IP address mismatch");
	const char *const more[] = {"x.example", "mx.example"};
	struct outcome o = meet_one(good, NULL, ca,
	    &(struct tls_demand){.proof = TLS_PKIX, .host = "mail.example", .names = more, .name_count = 2});
	assert_true(o.secured);
}

/* A record of this certificate. */
/* What encrypts badly is better than clear text, and no proof. */
static void takes_old_suites_where_nothing_is_demanded(void **state)
{
	(void)state;
	static const struct {
		const char *suites;
		bool any, proven;
	} cases[] = {{"ECDHE-RSA-AES128-SHA:ECDHE-ECDSA-AES128-SHA", true, false},
	    {"ECDHE-RSA-AES256-SHA384:ECDHE-ECDSA-AES256-SHA384", true, false},
	    {"ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256", true, true},
	    {"ECDHE-RSA-CHACHA20-POLY1305:ECDHE-ECDSA-CHACHA20-POLY1305", true, true}, {NULL, true, true}};
	tls_version_max = TLS1_2_VERSION;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		server_suites = cases[i].suites;
		struct tls_demand any = {.host = "mx.example"},
		                  proven = {.proof = TLS_PKIX, .host = "mx.example"};
		struct outcome o = meet_one(good, NULL, ca, &any);
		assert_int_equal(o.secured, cases[i].any);
		o = meet_one(good, NULL, ca, &proven);
		assert_int_equal(o.secured, cases[i].proven);
	}
	server_suites = NULL;
	tls_version_max = 0;
}

static struct tls_association record(
    uint8_t usage, uint8_t selector, uint8_t matching, X509 *x, unsigned char out[4096])
{
	unsigned char *data = NULL, *digest = out;
	int len = selector ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &data) : i2d_X509(x, &data);
	unsigned size = (unsigned)len;
	assert_true(len > 0 && len <= 4096);
	if (matching == 0)
		memcpy(out, data, (size_t)len);
	else
		EVP_Digest(
		    data, (size_t)len, digest, &size, matching == 1 ? EVP_sha256() : EVP_sha512(), NULL);
	OPENSSL_free(data);
	return (struct tls_association){usage, selector, matching, view_of(out, size)};
}

static struct outcome dane(
    X509 *leaf, X509 *issuer, const struct tls_association *records, size_t count, const char *further)
{
	return meet_one(leaf, issuer, NULL,
	    &(struct tls_demand){.proof = TLS_DANE,
	        .host = "mx.example",
	        .names = &further,
	        .name_count = further != NULL,
	        .associations = records,
	        .association_count = count});
}

static void proves_itself_by_its_record(void **state)
{
	(void)state;
	unsigned char data[4096];
	for (uint8_t selector = 0; selector < 2; selector++)
		for (uint8_t matching = 0; matching < 3; matching++) {
			/* Neither its name nor its dates count (RFC 7672 section 3.1.1). */
			struct tls_association a = record(3, selector, matching, expired, data);
			struct outcome o = dane(expired, NULL, &a, 1, NULL);
			assert_true(o.secured);
			assert_string_equal(o.verified, "dane-ee");
			a = record(3, selector, matching, with_address, data);
			o = dane(with_address, NULL, &a, 1, NULL);
			assert_true(o.secured);
			a = record(3, selector, matching, ca, data);
			o = dane(expired, NULL, &a, 1, NULL);
			assert_false(o.secured);
			assert_string_equal(o.failure, "certificate: no matching DANE TLSA records");
			a = record(2, selector, matching, ca, data);
			o = dane(good, ca, &a, 1, NULL);
			assert_true(o.secured);
			assert_string_equal(o.verified, "dane-ta");
		}
}

static void proves_itself_by_its_authority(void **state)
{
	(void)state;
	unsigned char data[4096], more[4096], wrong[32] = {0};
	struct tls_association a = record(2, 1, 1, ca, data);
	struct outcome o = dane(expired, ca, &a, 1, NULL);
	assert_string_equal(o.failure, "certificate: certificate has expired");
	o = dane(wild, ca, &a, 1, "a.example.org");
	assert_true(o.secured);
	o = dane(with_address, ca, &a, 1, NULL);
	assert_string_equal(o.failure, "certificate: hostname mismatch");
	/* The recipient's domain is as good a name as the host's (section 3.2.3). */
	o = dane(with_address, ca, &a, 1, "other.test");
	assert_true(o.secured);
	assert_string_equal(o.sni, "mx.example");
	/* The authority must be in the chain, or in the record. */
	o = dane(good, NULL, &a, 1, NULL);
	assert_false(o.secured);
	a = record(2, 0, 0, ca, data);
	o = dane(good, NULL, &a, 1, NULL);
	assert_true(o.secured);
	assert_string_equal(o.verified, "dane-ta");
	/* One of several is enough; those for PKIX never count. */
	struct tls_association several[] = {record(1, 1, 1, good, more), {3, 9, 1, view_of(wrong, 32)},
	    {3, 1, 1, view_of(wrong, 32)}, record(3, 1, 1, good, data)};
	o = dane(good, NULL, several, 4, NULL);
	assert_true(o.secured);
	assert_string_equal(o.verified, "dane-ee");
	o = dane(good, NULL, several, 3, NULL);
	assert_false(o.secured);
}

static void refuses_demands_that_nobody_can_meet(void **state)
{
	(void)state;
	unsigned char data[4096];
	struct tls_context *client = client_trusting(ca);
	SSL *ssl = NULL;
	struct tls_association a[] = {record(1, 1, 1, good, data), {3, 2, 1, view_of(data, 32)},
	    {3, 1, 3, view_of(data, 32)}, {3, 1, 1, view_of(data, 31)}, {3, 0, 0, VIEW("no certificate")},
	    {2, 1, 0, VIEW("no key")}, {3, 1, 1, {0}}};
	struct tls_demand d = {
	    .proof = TLS_DANE, .host = "mx.example", .associations = a, .association_count = 7};
	assert_int_equal(tls_connect_new(client, 0, &d, &ssl), -22);
	d.association_count = 0;
	assert_int_equal(tls_connect_new(client, 0, &d, &ssl), -22);
	d = (struct tls_demand){.proof = TLS_PKIX};
	assert_int_equal(tls_connect_new(client, 0, &d, &ssl), -22);
	d = (struct tls_demand){
	    .proof = TLS_DANE, .host = "192.0.2.1", .associations = a, .association_count = 1};
	assert_int_equal(tls_connect_new(client, 0, &d, &ssl), -22);
	assert_null(ssl);
	assert_int_equal(ERR_peek_error(), 0);
	tls_context_unref(client);
}

static void resumes_what_was_verified(void **state)
{
	(void)state;
	unsigned char data[4096];
	struct tls_association ee = record(3, 1, 1, good, data);
	for (int i = 0; i < 2; i++) {
		tls_version_max = i ? TLS1_2_VERSION : 0;
		struct tls_context *server = server_with(good, ca), *client = client_trusting(ca);
		const struct tls_demand demands[] = {
		    {.proof = TLS_ANY, .host = "mx.example", .session = "a"},
		    {.proof = TLS_PKIX, .host = "mx.example", .session = "a"},
		    {.proof = TLS_DANE,
		        .host = "mx.example",
		        .session = "a",
		        .associations = &ee,
		        .association_count = 1},
		};
		const char *const verified[] = {"not verified", "pkix", "dane-ee"};
		for (int round = 0; round < 3; round++)
			for (int j = 0; j < 3; j++) {
				struct outcome o = meet(server, client, &demands[j]);
				assert_true(o.secured);
				assert_int_equal(o.resumed, round > 0);
				assert_string_equal(o.verified, verified[j]);
			}
		/* Another address, another name, another record: another session. */
		struct tls_demand other = demands[1];
		other.session = "b";
		assert_false(meet(server, client, &other).resumed);
		other = demands[1];
		other.host = "www.example";
		assert_false(meet(server, client, &other).resumed);
		other = demands[2];
		struct tls_association two[] = {
		    ee, {3, 1, 1, view_of("0123456789abcdef0123456789abcdef", 32)}};
		other.associations = two;
		other.association_count = 2;
		assert_false(meet(server, client, &other).resumed);
		assert_true(meet(server, client, &other).resumed);
		two[1].data = VIEW("0123456789abcdef0123456789abcdeg");
		assert_false(meet(server, client, &other).resumed);
		other = demands[0];
		other.session = NULL;
		assert_false(meet(server, client, &other).resumed);
		/* A server that does not know the session any more makes a new one. */
		struct tls_context *restarted = server_with(good, ca);
		struct outcome o = meet(restarted, client, &demands[1]);
		assert_true(o.secured);
		assert_false(o.resumed);
		assert_string_equal(o.verified, "pkix");
		/* And another server at the same place is found out. */
		struct tls_context *impostor = server_with(self_signed, NULL);
		o = meet(impostor, client, &demands[1]);
		assert_false(o.secured);
		/* What failed is forgotten. */
		assert_false(meet(restarted, client, &demands[1]).resumed);
		tls_context_unref(server);
		tls_context_unref(restarted);
		tls_context_unref(impostor);
		tls_context_unref(client);
	}
	tls_version_max = 0;
}

static void keeps_so_many_sessions_and_no_more(void **state)
{
	(void)state;
	struct tls_context *server = server_with(good, ca), *client = client_trusting(NULL);
	char name[32];
	struct tls_demand d = {.host = "mx.example", .session = name};
	for (int i = 0; i <= TLS_SESSIONS_MAX; i++) {
		snprintf(name, sizeof name, "%d", i);
		assert_false(meet(server, client, &d).resumed);
		if (i == 100) {
			snprintf(name, sizeof name, "0"); /* used again: the next one is older now */
			assert_true(meet(server, client, &d).resumed);
		}
	}
	snprintf(name, sizeof name, "0");
	assert_true(meet(server, client, &d).resumed);
	snprintf(name, sizeof name, "1");
	assert_false(meet(server, client, &d).resumed);
	tls_context_unref(server);
	tls_context_unref(client);
}

static void tells_a_cut_from_an_end(void **state)
{
	(void)state;
	struct tls_demand d = {.host = "mx.example"};
	for (int i = 0; i < 2; i++) {
		tls_version_max = i ? TLS1_2_VERSION : 0;
		hang_up = false;
		assert_false(meet_one(good, NULL, NULL, &d).cut);
		hang_up = true;
		assert_true(meet_one(good, NULL, NULL, &d).cut);
	}
	hang_up = false;
	tls_version_max = 0;
}

static void says_why_a_handshake_failed(void **state)
{
	(void)state;
	static const struct {
		struct view answer;
		const char *failure;
	} peers[] = {
	    {{"", 0}, "the connection ended during the TLS handshake"},
	    {{"454 4.7.0 TLS not available\r\n", 29}, "TLS: wrong version number"},
	    {{"\x15\x03\x03\0\x02\x02\x28", 7}, "TLS: sslv3 alert handshake failure"},
	    {{"\x16\x03\x03\x40\0", 5}, "the connection ended during the TLS handshake"},
	    {{"\x16\x03\x03\0\x04\x02\xff\xff\xff", 9}, "TLS: excessive message size"},
	};
	struct tls_context *context = client_trusting(NULL);
	for (size_t i = 0; i < sizeof peers / sizeof peers[0]; i++) {
		struct loop loop;
		struct end client = {.secured = false};
		int pair[2];
		loop_init(&loop);
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
		stream_init(&client.stream, &loop, pair[1], &handler, &client);
		assert_int_equal(
		    stream_connect_tls(&client.stream, context, &(struct tls_demand){.host = "mx.example"}),
		    0);
		assert_int_equal(
		    write(pair[0], peers[i].answer.data, peers[i].answer.len), (ssize_t)peers[i].answer.len);
		shutdown(pair[0], SHUT_WR);
		for (int j = 0; j < 1000 && !client.ended; j++)
			loop_turn(&loop);
		assert_true(client.ended);
		assert_string_equal(stream_tls_failure(&client.stream), peers[i].failure);
		stream_free(&client.stream);
		close(pair[0]);
		loop_done(&loop);
	}
	tls_context_unref(context);
}

/* As for HTTPS: TLS is asked for before the connection stands. */
static void begins_with_the_connection(void **state)
{
	(void)state;
	struct loop loop;
	struct end server = {.secured = false}, client = {.secured = false};
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof address;
	struct tls_context *server_side = server_with(good, ca), *client_side = client_trusting(ca);
	const struct tls_demand demand = {.proof = TLS_PKIX, .host = "www.example"};
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
	loop_init(&loop);
	for (int round = 0; round < 2; round++) {
		if (round == 0)
			assert_int_equal(listen(listener, 1), 0);
		client = (struct end){.secured = false};
		int error = stream_connect(
		    &client.stream, &loop, (struct sockaddr *)&address, sizeof address, &handler, &client);
		if (error)
			continue; /* refused at once, where nobody listens any more */
		assert_int_equal(stream_connect_tls(&client.stream, client_side, &demand), 0);
		if (round == 0) {
			stream_init(&server.stream, &loop, accept(listener, NULL, NULL), &handler, &server);
			assert_int_equal(stream_start_tls(&server.stream, server_side), 0);
		}
		for (int i = 0; i < 1000 && !client.ended && !client.secured; i++)
			loop_turn(&loop);
		if (round == 0) {
			assert_string_equal(tls_verified(client.stream.ssl), "pkix");
			stream_free(&server.stream);
			close(listener);
		} else {
			assert_true(client.ended);
			assert_string_equal(
			    stream_tls_failure(&client.stream), "TLS handshake: Connection refused");
		}
		stream_free(&client.stream);
	}
	loop_done(&loop);
	tls_context_unref(server_side);
	tls_context_unref(client_side);
}

static int prepare(void **state)
{
	(void)state;
	ca_key = EVP_EC_gen("P-256");
	leaf_key = EVP_EC_gen("P-256");
	ca = make_certificate(ca_key, "Test CA", NULL, NULL, NULL, -DAY, DAY);
	good = make_certificate(leaf_key, "mx", "DNS:mx.example,DNS:www.example", ca, ca_key, -DAY, DAY);
	expired = make_certificate(leaf_key, "mx", "DNS:mx.example", ca, ca_key, -2 * DAY, -DAY);
	only_cn = make_certificate(leaf_key, "mx.example", NULL, ca, ca_key, -DAY, DAY);
	wild = make_certificate(leaf_key, "mx", "DNS:*.example.org", ca, ca_key, -DAY, DAY);
	partial = make_certificate(leaf_key, "mx", "DNS:mx*.example.org", ca, ca_key, -DAY, DAY);
	with_address = make_certificate(leaf_key, "mx", "IP:192.0.2.1,DNS:other.test", ca, ca_key, -DAY, DAY);
	self_signed = make_certificate(leaf_key, "mx", "DNS:mx.example", NULL, NULL, -DAY, DAY);
	return tls_set_signer(sign_here, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(encrypts_with_anybody),
	    cmocka_unit_test(proves_itself_by_a_chain_and_a_name),
	    cmocka_unit_test(takes_old_suites_where_nothing_is_demanded),
	    cmocka_unit_test(proves_itself_by_its_record),
	    cmocka_unit_test(proves_itself_by_its_authority),
	    cmocka_unit_test(refuses_demands_that_nobody_can_meet),
	    cmocka_unit_test(resumes_what_was_verified),
	    cmocka_unit_test(keeps_so_many_sessions_and_no_more),
	    cmocka_unit_test(tells_a_cut_from_an_end),
	    cmocka_unit_test(says_why_a_handshake_failed),
	    cmocka_unit_test(begins_with_the_connection),
	};
	return cmocka_run_group_tests(tests, prepare, NULL);
}
