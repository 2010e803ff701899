/*
 * An edge that asks the keys role: answers that are late, of another kind, or do not come, and what the
 * master is told of it. Handshakes wait for their signatures, and nothing else does.
 */
#include "../unit.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "edge/edge_connection.h"
#include "io/stream.h"
#include "io/tls.h"
#include "master/roles.h"

static struct role_process process;
static struct edge edge;
static struct role_file file = {.kind = FILE_CHAIN, .number = 3};
static int keys, master; /* the other ends */
static char key[80], other_key[80];
static EVP_PKEY *private_key;

static const struct edge_protocol protocol = {
    .size = sizeof(struct edge_connection), .alpn = "pop3", .descriptors_each = 1};

static void make_chain(struct buf *pem)
{
	EVP_PKEY *pair = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	X509_gmtime_adj(X509_getm_notBefore(x), -3600);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_set_pubkey(x, pair);
	X509_NAME_add_entry_by_txt(
	    X509_get_subject_name(x), "CN", MBSTRING_ASC, (const unsigned char *)"x", -1, -1, 0);
	X509_sign(x, pair, EVP_sha256());
	BIO *bio = BIO_new(BIO_s_mem());
	PEM_write_bio_X509(bio, x);
	char *data;
	long len = BIO_get_mem_data(bio, &data);
	buf_init(pem, 10000);
	buf_append(pem, view_of(data, (size_t)len));
	BIO_free(bio);
	X509_free(x);
	private_key = pair;
}

static void ignore_frame(void *arg, struct channel_frame *frame)
{
	(void)arg;
	(void)frame;
}

static void ignore_end(void *arg)
{
	(void)arg;
}

/* As the master does it: the channel has a number. */
static void hand_keys_over(uint64_t number)
{
	int pair[2];
	assert_int_equal(channel_pair(pair), 0);
	keys = pair[1];
	process.introduced.fd = pair[0];
	process.introduced.number = number;
	edge_set_keys(&edge, pair[0]);
	process.introduced.fd = -1;
}

static int start(void **state)
{
	int pair[2];
	(void)state;
	process = (struct role_process){.role = role_by_name("pop3"), .introduced.fd = -1, .files = &file};
	loop_init(&process.loop);
	settings_init(&process.settings);
	make_chain(&file.content);
	assert_int_equal(channel_pair(pair), 0);
	master = pair[1];
	channel_init(&process.control, &process.loop, pair[0], ignore_frame, ignore_end, NULL);
	edge = (struct edge){0};
	edge_init(&edge, &process, &protocol);
	memset(key, 1, sizeof key);
	memset(other_key, 2, sizeof other_key);
	hand_keys_over(7);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	loop_timer_cancel(&edge.sweep);
	tls_context_unref(edge.tls);
	calls_close(&edge.keys);
	close(keys);
	EVP_PKEY_free(private_key);
	close(master);
	channel_done(&process.control);
	buf_done(&file.content);
	settings_done(&process.settings);
	loop_done(&process.loop);
	return 0;
}

static void turns(int count)
{
	/* Without something to wait for a turn would wait for ever. */
	struct loop_task task;
	for (int i = 0; i < count; i++) {
		loop_task_init(&task, &process.loop, ignore_end, NULL);
		loop_task_schedule(&task);
		loop_turn(&process.loop);
	}
}

static void answer(uint32_t request, unsigned type, const void *message)
{
	assert_int_equal(ipc_send_blocking(keys, type, request, message, -1), 0);
	turns(3);
}

static void answer_key(uint32_t request, const char *bytes)
{
	struct message_ticket_key m = {.key = view_of(bytes, 80)};
	answer(request, MESSAGE_TICKET_KEY_ANSWER, &m);
}

/* The number of the question for ticket keys that keys has got. */
static uint32_t expect_question(void)
{
	struct channel_frame frame;
	struct buf in;
	turns(2);
	buf_init(&in, CHANNEL_FRAME_MAX);
	assert_int_equal(channel_receive_blocking(keys, &in, &frame, 0), 0);
	assert_int_equal(frame.type, MESSAGE_TICKET_KEY);
	uint32_t request = frame.request;
	buf_done(&in);
	return request;
}

static bool is_quiet(void)
{
	struct channel_frame frame;
	struct buf in;
	turns(2);
	buf_init(&in, CHANNEL_FRAME_MAX);
	bool quiet = channel_receive_blocking(keys, &in, &frame, 0) == -ETIMEDOUT;
	buf_done(&in);
	return quiet;
}

/* What the master was told: the number of the channel that was lost, or 0. */
static uint64_t lost(void)
{
	struct channel_frame frame;
	struct message_peer m = {0};
	struct arena arena;
	struct buf in;
	turns(2);
	buf_init(&in, CHANNEL_FRAME_MAX);
	arena_init(&arena, 4096);
	int error = channel_receive_blocking(master, &in, &frame, 0);
	if (error == 0) {
		assert_int_equal(ipc_decode(&frame, &m, &arena), 0);
		assert_int_equal(m.role, ROLE_KEYS);
	} else {
		assert_int_equal(error, -ETIMEDOUT);
	}
	arena_done(&arena);
	buf_done(&in);
	return m.number;
}

/* ---- ticket keys ---- */

static void a_good_answer(void **state)
{
	(void)state;
	assert_int_equal(edge_configure_tls(&edge), 0);
	assert_non_null(edge.tls); /* nobody waits */
	answer_key(expect_question(), key);
	assert_memory_equal(edge.ticket, key, 80);
	assert_ptr_equal(edge_tls(&edge), edge.tls);
	assert_true(is_quiet()); /* asks no more within the hour */
	edge.tickets_looked_at -= 3601;
	edge_tls(&edge);
	answer_key(expect_question(), other_key);
	assert_memory_equal(edge.ticket, other_key, 80);
	/* A reload goes on with what is known. */
	assert_int_equal(edge_configure_tls(&edge), 0);
	expect_question();
	assert_memory_equal(edge.ticket, other_key, 80);
	assert_int_equal(lost(), 0);
}

static void a_wrong_answer_ends_the_channel(void **state)
{
	(void)state;
	struct message_signed m = {.error = 0};
	assert_int_equal(edge_configure_tls(&edge), 0);
	answer(expect_question(), MESSAGE_SIGNED, &m);
	assert_non_null(edge.tls); /* the certificate is there: handshakes fail until the new channel comes */
	assert_false(edge.keys.link.up);
	assert_int_equal(lost(), 7);
	assert_int_equal(lost(), 0);
	close(keys);
	hand_keys_over(8);
	answer_key(expect_question(), key); /* a new channel is asked at once */
	assert_memory_equal(edge.ticket, key, 80);
	edge.tickets_looked_at -= 3601;
	edge_tls(&edge);
	assert_int_equal(
	    channel_send_blocking(keys, MESSAGE_TICKET_KEY_ANSWER, expect_question(), VIEW("nonsense"), -1),
	    0);
	assert_int_equal(lost(), 8);
	close(keys);
	hand_keys_over(9);
	assert_int_equal(shutdown(keys, SHUT_RDWR), 0);
	assert_int_equal(lost(), 9);
	assert_memory_equal(edge.ticket, key, 80);
}

/* ---- handshakes ---- */

struct end {
	struct stream stream;
	bool secured, ended, heard;
};

static size_t on_input(void *arg, struct view bytes)
{
	((struct end *)arg)->heard = true;
	return bytes.len;
}

static void on_secured(void *arg)
{
	((struct end *)arg)->secured = true;
}

static void on_ended(void *arg, enum stream_end how)
{
	(void)how;
	((struct end *)arg)->ended = true;
}

static const struct stream_handler handler = {.input = on_input, .secured = on_secured, .ended = on_ended};

static void begin_handshake(struct end *server, struct end *client, struct tls_context *trusting)
{
	static const struct tls_demand any = {.proof = TLS_ANY};
	int pair[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	*server = *client = (struct end){.secured = false};
	stream_init(&server->stream, &process.loop, pair[0], &handler, server);
	stream_init(&client->stream, &process.loop, pair[1], &handler, client);
	assert_int_equal(stream_start_tls(&server->stream, edge_tls(&edge)), 0);
	assert_int_equal(stream_connect_tls(&client->stream, trusting, &any), 0);
}

/* Takes a question for a signature. With `good` it is answered well. */
static uint32_t take_sign(bool good)
{
	struct channel_frame frame;
	struct message_sign m;
	struct arena arena;
	struct buf in;
	unsigned char signature[TLS_SIGNATURE_MAX];
	size_t len = sizeof signature;
	char digest[32] = "";
	buf_init(&in, CHANNEL_FRAME_MAX);
	arena_init(&arena, 65536);
	assert_int_equal(channel_receive_blocking(keys, &in, &frame, 1000), 0);
	assert_int_equal(frame.type, MESSAGE_SIGN);
	uint32_t request = frame.request;
	assert_int_equal(ipc_decode(&frame, &m, &arena), 0);
	assert_int_equal(m.key, 3);
	memcpy(digest, m.algorithm.data, m.algorithm.len);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	assert_int_equal(EVP_DigestSignInit_ex(ctx, NULL, digest, NULL, NULL, private_key, NULL), 1);
	assert_int_equal(
	    EVP_DigestSign(ctx, signature, &len, (const unsigned char *)m.tbs.data, m.tbs.len), 1);
	EVP_MD_CTX_free(ctx);
	struct message_signed answered = {.signature = view_of(signature, len)};
	if (good)
		answer(request, MESSAGE_SIGNED, &answered);
	arena_done(&arena);
	buf_done(&in);
	return request;
}

enum { HANDSHAKES = 8 };

static void a_handshake_waits_and_nothing_else(void **state)
{
	struct end servers[HANDSHAKES], clients[HANDSHAKES], plain[2];
	struct tls_context *trusting = tls_client_new((struct view){0});
	int pair[2];
	(void)state;
	assert_int_equal(edge_configure_tls(&edge), 0);
	answer_key(expect_question(), key);
	for (size_t i = 0; i < HANDSHAKES; i++)
		begin_handshake(&servers[i], &clients[i], trusting);
	turns(20);
	/* All of them wait; a connection in clear is served. */
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	plain[0] = plain[1] = (struct end){.secured = false};
	stream_init(&plain[0].stream, &process.loop, pair[0], &handler, &plain[0]);
	stream_init(&plain[1].stream, &process.loop, pair[1], &handler, &plain[1]);
	stream_write(&plain[0].stream, VIEW("hello"));
	turns(5);
	assert_true(plain[1].heard);
	/* Answers come in any order; each to its own. */
	uint32_t first = take_sign(false);
	for (size_t i = 1; i < 5; i++)
		take_sign(true);
	turns(20);
	for (size_t i = 0; i < HANDSHAKES; i++)
		assert_int_equal(servers[i].secured && clients[i].secured, i >= 1 && i < 5);
	stream_write(&clients[2].stream, VIEW("x"));
	turns(10);
	assert_true(servers[2].heard);
	/* One that is given up meanwhile, before and after its client has gone; its answer comes late. */
	uint32_t given_up = take_sign(false);
	stream_free(&servers[5].stream);
	stream_free(&clients[6].stream);
	turns(10);
	struct message_signed late = {.signature = VIEW("late")};
	answer(given_up, MESSAGE_SIGNED, &late);
	assert_true(edge.keys.link.up);
	/* What keys refuses fails, and what its end leaves unanswered as well. */
	struct message_signed refused = {.error = (uint64_t)-EACCES};
	answer(first, MESSAGE_SIGNED, &refused);
	turns(20);
	assert_true(servers[0].ended && !servers[0].secured);
	assert_false(servers[7].ended);
	assert_int_equal(shutdown(keys, SHUT_RDWR), 0);
	turns(20);
	assert_true(servers[7].ended && !servers[7].secured);
	assert_int_equal(lost(), 7);
	/* Without keys it fails at once. */
	stream_free(&servers[0].stream);
	stream_free(&clients[0].stream);
	begin_handshake(&servers[0], &clients[0], trusting);
	turns(20);
	assert_true(servers[0].ended && !servers[0].secured);
	for (size_t i = 0; i < HANDSHAKES; i++) {
		if (i != 5)
			stream_free(&servers[i].stream);
		if (i != 6)
			stream_free(&clients[i].stream);
	}
	stream_free(&plain[0].stream);
	stream_free(&plain[1].stream);
	tls_context_unref(trusting);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_good_answer, start, stop),
	    cmocka_unit_test_setup_teardown(a_wrong_answer_ends_the_channel, start, stop),
	    cmocka_unit_test_setup_teardown(a_handshake_waits_and_nothing_else, start, stop),
	};
	log_set_threshold(LOG_ERROR + 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
