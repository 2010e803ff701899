/* An edge that asks the keys role: answers that are late, of another kind, or do not come, and what the master is told of it. */
#include "../unit.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/edge_connection.h"
#include "io/tls.h"

static struct role_process process;
static struct edge edge;
static struct role_file file = {.kind = FILE_CHAIN, .number = 3};
static int keys, master; /* the other ends */
static char key[80], other_key[80];

static const struct edge_protocol protocol = {.size = sizeof(struct edge_connection), .alpn = "pop3", .descriptors_each = 1};

static void make_chain(struct buf *pem)
{
	EVP_PKEY *pair = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	X509_gmtime_adj(X509_getm_notBefore(x), -3600);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_set_pubkey(x, pair);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC, (const unsigned char *)"x", -1, -1, 0);
	X509_sign(x, pair, EVP_sha256());
	BIO *bio = BIO_new(BIO_s_mem());
	PEM_write_bio_X509(bio, x);
	char *data;
	long len = BIO_get_mem_data(bio, &data);
	buf_init(pem, 10000);
	buf_append(pem, view_of(data, (size_t)len));
	BIO_free(bio);
	X509_free(x);
	EVP_PKEY_free(pair);
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
	if (edge.keys >= 0)
		close(edge.keys);
	close(keys);
	close(master);
	channel_done(&process.control);
	buf_done(&file.content);
	settings_done(&process.settings);
	loop_done(&process.loop);
	return 0;
}

/* Answers wait in the socket before the question comes, since the edge blocks; its first question has the number 1. */
static void answer(uint32_t request, enum message_type type, const void *message)
{
	assert_int_equal(ipc_send_blocking(keys, type, request, message, -1), 0);
}

static void answer_key(uint32_t request, const char *bytes)
{
	struct message_ticket_key m = {.key = view_of(bytes, 80)};
	answer(request, MESSAGE_TICKET_KEY_ANSWER, &m);
}

static void expect_question(uint32_t request)
{
	struct channel_frame frame;
	struct buf in;
	buf_init(&in, CHANNEL_FRAME_MAX);
	assert_int_equal(channel_receive_blocking(keys, &in, &frame, 0), 0);
	assert_int_equal(frame.type, MESSAGE_TICKET_KEY);
	assert_int_equal(frame.request, request);
	buf_done(&in);
}

/* What the master was told: the number of the channel that was lost, or 0. */
static uint64_t lost(void)
{
	struct channel_frame frame;
	struct message_peer m = {0};
	struct arena arena;
	struct buf in;
	loop_turn(&process.loop);
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

static void a_good_answer(void **state)
{
	(void)state;
	answer_key(1, key);
	assert_int_equal(edge_configure_tls(&edge), 0);
	expect_question(1);
	assert_non_null(edge.tls);
	assert_ptr_equal(edge_tls(&edge), edge.tls); /* asks no more within the hour */
	assert_true(edge.keys >= 0);
	assert_int_equal(lost(), 0);
	edge.tickets_looked_at -= 3601;
	answer_key(2, other_key);
	edge_tls(&edge);
	expect_question(2);
}

static void an_answer_of_another_kind_ends_the_channel(void **state)
{
	(void)state;
	struct message_signed m = {.error = 0};
	answer(1, MESSAGE_SIGNED, &m);
	assert_int_equal(edge_configure_tls(&edge), 0);
	assert_non_null(edge.tls); /* the certificate is there: handshakes fail until the new channel comes */
	assert_int_equal(edge.keys, -1);
	assert_int_equal(lost(), 7);
	assert_int_equal(lost(), 0);
	close(keys);
	hand_keys_over(8);
	answer_key(2, key);
	edge.tickets_looked_at -= 3601;
	edge_tls(&edge);
	expect_question(2);
	assert_true(edge.keys >= 0);
}

static void answers_from_the_future_and_nonsense_end_it_too(void **state)
{
	(void)state;
	answer_key(9, key);
	assert_int_equal(edge_configure_tls(&edge), 0);
	assert_int_equal(lost(), 7);
	close(keys);
	hand_keys_over(8);
	assert_int_equal(channel_send_blocking(keys, MESSAGE_TICKET_KEY_ANSWER, 2, VIEW("nonsense"), -1), 0);
	edge.tickets_looked_at -= 3601;
	edge_tls(&edge);
	assert_int_equal(lost(), 8);
	close(keys);
	hand_keys_over(9);
	assert_int_equal(shutdown(keys, SHUT_RDWR), 0);
	edge.tickets_looked_at -= 3601;
	edge_tls(&edge);
	assert_int_equal(lost(), 9);
}

/* Late is not gone: the answer that comes after all is passed over, and the channel lives. */
static void a_late_answer_is_passed_over(void **state)
{
	(void)state;
	assert_int_equal(edge_configure_tls(&edge), 0); /* waits two seconds for nothing */
	expect_question(1);
	assert_true(edge.keys >= 0);
	assert_int_equal(lost(), 0);
	answer_key(1, other_key);
	answer_key(3, key);
	edge.tickets_looked_at -= 3601;
	edge_tls(&edge); /* at once: it is not asked so soon again */
	edge.keys_away_until = 0;
	edge.tickets_looked_at -= 3601;
	edge_tls(&edge);
	expect_question(3);
	assert_int_equal(lost(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_good_answer, start, stop),
	    cmocka_unit_test_setup_teardown(an_answer_of_another_kind_ends_the_channel, start, stop),
	    cmocka_unit_test_setup_teardown(answers_from_the_future_and_nonsense_end_it_too, start, stop),
	    cmocka_unit_test_setup_teardown(a_late_answer_is_passed_over, start, stop),
	};
	log_set_threshold(LOG_ERROR + 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
