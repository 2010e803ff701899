/* See policy_world.h. */
#include "policy_world.h"

#include "../../unit.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/clock.h"
#include "base/log.h"
#include "io/stream.h"
#include "io/tls.h"
#include "role/relay/relay_https.h"
#include "role/relay/relay_policy_fetch.h"
#include "master/roles.h"

enum { CONNECTIONS_MAX = 200 };

struct world world;

static struct loop *const loop = &world.process.loop;

/* ---- time ---- */

static int clock_file = -1;
static int64_t ahead;

void world_pass(int64_t seconds)
{
	ahead += seconds;
	assert_int_equal(pwrite(clock_file, &ahead, sizeof ahead, 0), sizeof ahead);
}

void world_until(const unsigned *counter, unsigned n)
{
	loop_turn(loop);
	while (*counter < n) {
		event_base_loop(loop->base, EVLOOP_ONCE);
		loop_turn(loop);
	}
}

void world_until_left(void)
{
	loop_turn(loop);
	while (world.open_connections > 0) {
		event_base_loop(loop->base, EVLOOP_ONCE);
		loop_turn(loop);
	}
}

static void begin_time(void)
{
	char path[] = "/tmp/postrider-clock-XXXXXX";
	clock_file = mkstemp(path);
	world_pass(0);
	assert_int_equal(clock_simulate(path), 0);
	unlink(path);
}

/* ---- the log ---- */

static void take_line(struct view line, void *arg)
{
	(void)arg;
	char text[1000];
	snprintf(text, sizeof text, "%.*s", VIEW_FMT(line));
	if (strstr(text, "mta-sts-fetch-failed") == NULL)
		return;
	world.failures++;
	memcpy(world.logged, text, sizeof text);
}

/* ---- the dns role ---- */

static struct channel dns;
static bool dns_open;

/* As a TXT record has it (RFC 1035 section 3.3.14). */
static void put_text(const char *text, char wire[300], struct message_answer *m, struct message_field *field)
{
	size_t len = strlen(text);
	wire[0] = (char)len;
	memcpy(wire + 1, text, len);
	field->value = view_of(wire, len + 1);
	m->records.count++;
}

static void put_addresses(struct message_answer *m, struct message_field fields[2])
{
	/* Nobody listens at 127.0.0.7. */
	fields[0].value = world.two_addresses ? VIEW("\177\0\0\7") : VIEW("\177\0\0\1");
	fields[1].value = VIEW("\177\0\0\1");
	m->records.count = world.two_addresses ? 2 : 1;
}

static void answer_query(void *arg, struct channel_frame *frame)
{
	(void)arg;
	struct arena arena;
	struct message_query q;
	struct message_field fields[2];
	struct message_answer m = {.ttl = 60, .records = {.items = fields}};
	char texts[2][300];
	arena_init(&arena, 4096);
	assert_int_equal(ipc_decode(frame, &q, &arena), 0);
	if (q.type == DNS_TXT) {
		world.records_asked++;
		m.status = world.dns_status;
		assert_true(view_starts(q.name, VIEW("_mta-sts.")));
		if (world.record && m.status == 0)
			put_text(world.record, texts[0], &m, &fields[0]);
		if (world.second_record && m.status == 0)
			put_text(world.second_record, texts[1], &m, &fields[1]);
	} else {
		world.hosts_asked += q.type == DNS_A;
		m.status = world.no_host ? 3 : 0;
		assert_true(view_starts(q.name, VIEW("mta-sts.")));
		if (q.type == DNS_A && !world.no_host)
			put_addresses(&m, fields);
	}
	assert_int_equal(ipc_send(&dns, MESSAGE_ANSWER, frame->request, &m, -1), 0);
	arena_done(&arena);
}

static void dns_closed(void *arg)
{
	(void)arg;
}

void world_open_dns(void)
{
	int pair[2];
	assert_int_equal(channel_pair(pair), 0);
	calls_link(&relay_role.dns, &world.process, pair[0], ROLE_DNS);
	channel_init(&dns, loop, pair[1], answer_query, dns_closed, NULL);
	dns_open = true;
}

void world_close_dns(void)
{
	channel_done(&dns);
	link_close(&relay_role.dns.link);
	dns_open = false;
}

/* ---- the hosts of policies ---- */

static struct tls_context *server_tls;
static struct loop_watch accepting;
static int listener;

static struct connection {
	struct stream stream;
	struct loop_task hanging_up;
	bool open;
	char request[1000];
	size_t len;
} connections[CONNECTIONS_MAX];

static void pour(void *arg)
{
	static const char drop[STREAM_HIGH_WATER];
	struct connection *c = arg;
	if (world.manner == POURS)
		stream_write(&c->stream, view_of(drop, sizeof drop));
}

/* Without a word in TLS. */
static void hang_up(void *arg)
{
	struct connection *c = arg;
	shutdown(c->stream.fd, SHUT_RDWR);
}

static void respond(struct connection *c)
{
	stream_write(&c->stream, view_of(world.response, world.response_len));
	if (world.manner == ANSWERS)
		stream_close(&c->stream);
	else if (world.manner == HANGS_UP)
		loop_task_schedule(
		    &c->hanging_up); /* after the stream's own task, which sends the response */
	pour(c);
}

static size_t take_request(void *arg, struct view bytes)
{
	struct connection *c = arg;
	assert_true(c->len + bytes.len < sizeof c->request);
	memcpy(c->request + c->len, bytes.data, bytes.len);
	c->len += bytes.len;
	if (strstr(c->request, "\r\n\r\n")) {
		if (world.fetches++ == 0)
			memcpy(world.request, c->request, sizeof c->request);
		respond(c);
	}
	return bytes.len;
}

static void ended(void *arg, enum stream_end how)
{
	(void)how;
	struct connection *c = arg;
	stream_free(&c->stream);
	loop_task_cancel(&c->hanging_up);
	c->open = false;
	world.open_connections--;
}

static const struct stream_handler handler = {.input = take_request, .drained = pour, .ended = ended};

static void accept_one(void *arg)
{
	(void)arg;
	socklen_t len = sizeof world.client;
	int fd = accept(listener, (struct sockaddr *)&world.client, &len);
	struct connection *c = &connections[0];
	while (c->open)
		c++;
	assert_true(fd >= 0 && c < connections + CONNECTIONS_MAX);
	memset(c, 0, sizeof *c);
	c->open = true;
	world.connections++;
	world.open_connections++;
	loop_task_init(&c->hanging_up, loop, hang_up, c);
	stream_init(&c->stream, loop, fd, &handler, c);
	assert_int_equal(stream_start_tls(&c->stream, server_tls), 0);
}

void world_respond_to_all(void)
{
	for (size_t i = 0; i < CONNECTIONS_MAX; i++)
		if (connections[i].open)
			respond(&connections[i]);
}

void world_serve(const char *head, const char *body)
{
	int len =
	    snprintf(world.response, sizeof world.response, "%s\r\nConnection: close\r\n\r\n%s", head, body);
	world.response_len = (size_t)len;
	assert_true(world.response_len < sizeof world.response);
}

void world_serve_policy(const char *body)
{
	world_serve("HTTP/1.1 200 OK\r\nContent-Type: text/plain", body);
	world.manner = ANSWERS;
}

void world_serve_nothing(void)
{
	world.response_len = 0;
	world.manner = HANGS;
}

static void listen_on_loopback(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof address;
	listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(listener, 100), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
	world.process.settings.https_port = ntohs(address.sin_port);
	loop_watch_init(&accepting, loop, listener, LOOP_READ, accept_one, NULL);
	loop_watch_on(&accepting);
}

/* The port stays ours, so that nobody else listens there. */
void world_stop_listening(void)
{
	loop_watch_off(&accepting);
	shutdown(listener, SHUT_RDWR);
}

/* ---- certificates ---- */

static EVP_PKEY *ca_key, *leaf_key;
static X509 *ca, *leaf;

static X509 *certificate(EVP_PKEY *key, const char *cn, int extension_nid, const char *value, X509 *issuer)
{
	X509 *x = X509_new();
	X509V3_CTX ctx;
	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), issuer ? 2 : 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -DAY);
	X509_gmtime_adj(X509_getm_notAfter(x), DAY);
	X509_set_pubkey(x, key);
	X509_NAME_add_entry_by_txt(
	    X509_get_subject_name(x), "CN", MBSTRING_ASC, (const unsigned char *)cn, -1, -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(issuer ? issuer : x));
	X509V3_set_ctx(&ctx, issuer ? issuer : x, x, NULL, NULL, 0);
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, extension_nid, value);
	assert_non_null(extension);
	X509_add_ext(x, extension, -1);
	X509_EXTENSION_free(extension);
	assert_true(X509_sign(x, ca_key, EVP_sha256()) > 0);
	return x;
}

static void make_certificates(void)
{
	char names[WORLD_DOMAINS * 40];
	size_t len = 0;
	for (int i = 0; i < WORLD_DOMAINS; i++)
		len += (size_t)snprintf(
		    names + len, sizeof names - len, "%sDNS:mta-sts.d%d.example", i ? "," : "", i);
	ca_key = EVP_EC_gen("P-256");
	leaf_key = EVP_EC_gen("P-256");
	ca = certificate(ca_key, "test CA", NID_basic_constraints, "critical,CA:TRUE", NULL);
	leaf = certificate(leaf_key, "policies", NID_subject_alt_name, names, ca);
}

static void append_pem(struct buf *pem, X509 *x)
{
	char *data;
	BIO *bio = BIO_new(BIO_s_mem());
	PEM_write_bio_X509(bio, x);
	long len = BIO_get_mem_data(bio, &data);
	buf_append(pem, view_of(data, (size_t)len));
	BIO_free(bio);
}

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

static void make_contexts(void)
{
	struct buf pem;
	assert_int_equal(tls_set_signer(sign_here, NULL), 0);
	buf_init(&pem, 65536);
	append_pem(&pem, leaf);
	server_tls = tls_server_new(NULL);
	assert_int_equal(tls_server_add(server_tls, buf_view(&pem), 0), 0);
	buf_clear(&pem);
	append_pem(&pem, ca);
	world.trusting = tls_client_new(buf_view(&pem));
	world.distrusting = tls_client_new(VIEW(""));
	buf_done(&pem);
}

/* ---- beginning and end ---- */

int world_make(void **state)
{
	(void)state;
	begin_time();
	make_certificates();
	make_contexts();
	log_capture(take_line, NULL);
	world.process.role = role_by_name("relay");
	relay_role.process = &world.process;
	return 0;
}

int world_end(void **state)
{
	(void)state;
	tls_context_unref(server_tls);
	tls_context_unref(world.trusting);
	tls_context_unref(world.distrusting);
	X509_free(ca);
	X509_free(leaf);
	EVP_PKEY_free(ca_key);
	EVP_PKEY_free(leaf_key);
	return 0;
}

int world_setup(void **state)
{
	(void)state;
	loop_init(loop);
	log_capture(take_line, NULL);
	calls_init(&relay_role.dns);
	relay_role.tls = world.trusting;
	relay_policy_host_fetches = RELAY_HTTPS_MAX;                 /* all policies' hosts are one here */
	world.process.settings.relay_networks = VIEW("127.0.0.0/8"); /* where the policies' hosts are */
	relay_role.source4 = relay_role.source6 = (struct sockaddr_storage){0};
	relay_policy_fetch_ms = (int64_t)MTA_STS_FETCH_SECONDS * 1000;
	world.record = "v=STSv1; id=1;";
	world.second_record = NULL;
	world.dns_status = 0;
	world.no_host = world.two_addresses = false;
	world.records_asked = world.hosts_asked = world.failures = 0;
	world.connections = world.open_connections = world.fetches = 0;
	world_open_dns();
	listen_on_loopback();
	relay_policies_init(loop);
	return 0;
}

int world_teardown(void **state)
{
	(void)state;
	relay_policies_done();
	for (size_t i = 0; i < CONNECTIONS_MAX; i++)
		if (connections[i].open)
			ended(&connections[i], STREAM_CLOSED);
	loop_watch_off(&accepting);
	close(listener);
	if (dns_open)
		world_close_dns();
	calls_close(&relay_role.dns);
	loop_done(loop);
	return 0;
}
