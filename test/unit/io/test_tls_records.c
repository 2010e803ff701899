/* Records of TLS 1.3 without OpenSSL's state of the connection: beside RFC 8448, and with OpenSSL as the
 * peer. */
#include "certificate.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/stream.h"
#include "io/tls.h"
#include "io/tls_records.h"

enum { AES_128 = 0x1301, AES_256, CHACHA20, MUCH = 1 << 20 };

static size_t bytes_of(const char *hex, char *out)
{
	size_t len = 0;
	unsigned byte;
	int used;
	while (sscanf(hex, " %2x%n", &byte, &used) == 1) {
		out[len++] = (char)byte;
		hex += used;
	}
	return len;
}

/* ---- the machine ---- */

static struct tls_records *machine(unsigned suite, const char *in, const char *out, uint64_t written)
{
	char one[64], other[64];
	struct tls_secret from = {view_of(one, bytes_of(in, one)), 0},
	                  to = {view_of(other, bytes_of(out, other)), written};
	return tls_records_new(suite, &from, &to);
}

#define CLIENT "9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5"
#define SERVER "a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643"
#define LONG CLIENT "000102030405060708090a0b0c0d0e0f"
#define LONGER SERVER "000102030405060708090a0b0c0d0e0f"

/* RFC 8448 section 3: what both sides say once the handshake is over. The server has sent a ticket before. */
static void says_what_the_standard_has(void **state)
{
	static const char from_client[] =
	    "1703030043a23f7054b62c94d0affafe8228ba55cbefacea42f914aa66bcab3f2b9819a8a5b46b395bd54a9a20441e2b"
	    "62974e1f5a6292a2977014bd1e3deae63aeebb21694915e4";
	static const char from_server[] =
	    "17030300432e937e11ef4ac740e538ad36005fc4a46932fc3225d05f82aa1b36e30efaf97d90e6dffc602dcb501a59a8"
	    "fcc49c4bf2e5f0a21c0047c2abf332540dd032e167c2955d";
	static const char client_ends[] = "1703030013c9872760655666b74d7ff1153efd6db6d0b0e3";
	static const char server_ends[] = "1703030013b58fd67166ebf599d24720cfbe7efa7a8864a9";
	char record[200], expected[200], said[TLS_RECORD_SEALED_MAX], plain[50];
	struct view got;
	struct buf out;
	(void)state;
	for (size_t i = 0; i < sizeof plain; i++)
		plain[i] = (char)i;
	struct tls_records *r = machine(AES_128, CLIENT, SERVER, 1);
	assert_non_null(r);
	buf_init(&out, 1000);
	size_t len = bytes_of(from_client, record);
	assert_int_equal(tls_records_length(view_of(record, len)), len);
	assert_int_equal(tls_records_length(view_of(record, 4)), 0);
	assert_int_equal(tls_records_open(r, record, len, &got, &out), TLS_RECORD_DATA);
	assert_int_equal(got.len, sizeof plain);
	assert_memory_equal(got.data, plain, sizeof plain);
	len = bytes_of(from_server, expected);
	assert_int_equal(tls_records_seal(r, TLS_DATA, view_of(plain, sizeof plain), said), len);
	assert_memory_equal(said, expected, len);
	len = bytes_of(client_ends, record);
	assert_int_equal(tls_records_open(r, record, len, &got, &out), TLS_RECORD_ENDED);
	assert_int_equal(out.len, 0);
	tls_records_end(r, &out);
	len = bytes_of(server_ends, expected);
	assert_int_equal(out.len, len);
	assert_memory_equal(buf_view(&out).data, expected, len);
	buf_done(&out);
	tls_records_free(r);
}

static void knows_its_suites_alone(void **state)
{
	(void)state;
	assert_null(machine(0x1304, CLIENT, SERVER, 0));
	assert_null(machine(AES_256, CLIENT, SERVER, 0));
	assert_null(machine(AES_128, CLIENT, LONG, 0));
	tls_records_free(NULL);
}

/* Two machines that are each other's peer. */
struct two {
	struct tls_records *a, *b;
	struct buf out; /* what b answers */
};

static void begin(struct two *t, unsigned suite)
{
	bool is_long = suite == AES_256;
	t->a = machine(suite, is_long ? LONGER : SERVER, is_long ? LONG : CLIENT, 0);
	t->b = machine(suite, is_long ? LONG : CLIENT, is_long ? LONGER : SERVER, 0);
	buf_init(&t->out, 1000);
	assert_true(t->a && t->b);
}

static void end(struct two *t)
{
	tls_records_free(t->a);
	tls_records_free(t->b);
	buf_done(&t->out);
}

/* What b makes of a record with this content by a. */
static enum tls_record hears(struct two *t, enum tls_content is, struct view plain)
{
	static char record[TLS_RECORD_SEALED_MAX];
	struct view got;
	size_t len = tls_records_seal(t->a, is, plain, record);
	assert_true(len > plain.len);
	enum tls_record what = tls_records_open(t->b, record, len, &got, &t->out);
	if (what == TLS_RECORD_DATA) {
		assert_int_equal(got.len, plain.len);
		if (plain.len)
			assert_memory_equal(got.data, plain.data, plain.len);
	}
	return what;
}

#define UPDATE VIEW("\x18\0\0\1\0")
#define UPDATE_BOTH VIEW("\x18\0\0\1\1")

static void takes_new_keys(void **state)
{
	(void)state;
	for (unsigned suite = AES_128; suite <= CHACHA20; suite++) {
		static char record[TLS_RECORD_SEALED_MAX];
		struct two t;
		struct view got;
		struct buf none;
		begin(&t, suite);
		buf_init(&none, 1000);
		assert_int_equal(hears(&t, TLS_DATA, VIEW("one")), TLS_RECORD_DATA);
		/* b answers by new keys of its own; a's keys stay until they are ended here too. */
		assert_int_equal(hears(&t, TLS_HANDSHAKE, UPDATE_BOTH), TLS_RECORD_NOTHING);
		struct view answer = buf_view(&t.out);
		assert_int_equal(tls_records_length(answer), answer.len);
		memcpy(record, answer.data, answer.len);
		assert_int_equal(tls_records_open(t.a, record, answer.len, &got, &none), TLS_RECORD_NOTHING);
		assert_int_equal(none.len, 0);
		size_t len = tls_records_seal(t.b, TLS_DATA, VIEW("two"), record);
		assert_int_equal(tls_records_open(t.a, record, len, &got, &none), TLS_RECORD_DATA);
		assert_view(got, "two");
		end(&t);
	}
}

static void refuses_what_is_no_record(void **state)
{
	static char record[TLS_RECORD_SEALED_MAX], large[TLS_RECORD_MAX + 100];
	static const struct {
		enum tls_content is;
		struct view plain;
		enum tls_record what;
		char alert; /* that it is refused with; 0: none */
	} cases[] = {
	    {TLS_ALERT, {"\1\0", 2}, TLS_RECORD_ENDED, 0},
	    {TLS_ALERT, {"\1\x5a", 2}, TLS_RECORD_NOTHING, 0},
	    {TLS_ALERT, {"\2\x28", 2}, TLS_RECORD_FAILED, 0},
	    {TLS_ALERT, {"\1", 1}, TLS_RECORD_FAILED, 50},
	    {TLS_ALERT, {"\1\0\0", 3}, TLS_RECORD_FAILED, 50},
	    {TLS_ALERT, {"", 0}, TLS_RECORD_FAILED, 10},
	    {TLS_HANDSHAKE, {"\x18\0\0\1\2", 5}, TLS_RECORD_FAILED, 47},
	    {TLS_HANDSHAKE, {"\x18\0\0\1\0\x18\0\0\1\0", 10}, TLS_RECORD_FAILED, 10},
	    {TLS_HANDSHAKE, {"\x18\0\0\1", 4}, TLS_RECORD_FAILED, 10},
	    {TLS_HANDSHAKE, {"\x04\0\0\0", 4}, TLS_RECORD_FAILED, 10},
	    {TLS_HANDSHAKE, {"", 0}, TLS_RECORD_FAILED, 10},
	    {(enum tls_content)20, {"\1", 1}, TLS_RECORD_FAILED, 10},
	    {(enum tls_content)0, {"", 0}, TLS_RECORD_FAILED, 10},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct two t, same;
		begin(&t, AES_128);
		assert_int_equal(hears(&t, cases[i].is, cases[i].plain), cases[i].what);
		/* What b says then, its double says, too. */
		begin(&same, AES_128);
		const char alert[] = {2, cases[i].alert};
		size_t len =
		    cases[i].alert ? tls_records_seal(same.b, TLS_ALERT, view_of(alert, 2), record) : 0;
		assert_int_equal(t.out.len, len);
		if (len)
			assert_memory_equal(buf_view(&t.out).data, record, len);
		end(&same);
		end(&t);
	}
	/* Octets that were changed, each of them; what was cut, or is too long. */
	for (size_t i = 0; i < 5 + 3 + 17; i++) {
		struct two t;
		struct view got;
		begin(&t, AES_128);
		size_t len = tls_records_seal(t.a, TLS_DATA, VIEW("abc"), record);
		record[i] = (char)(record[i] ^ 0x10);
		assert_int_equal(tls_records_open(t.b, record, len, &got, &t.out), TLS_RECORD_FAILED);
		assert_int_equal(got.len, 0);
		assert_true(t.out.len > 0); /* an alert */
		end(&t);
	}
	for (size_t len = 5; len <= sizeof large; len += len < 30             ? 1
	                                                 : sizeof large - len ? sizeof large - len
	                                                                      : 1) {
		struct two t;
		struct view got;
		begin(&t, AES_128);
		memset(large, 0, sizeof large);
		memcpy(large, "\x17\3\3", 3);
		assert_int_equal(tls_records_open(t.b, large, len, &got, &t.out), TLS_RECORD_FAILED);
		end(&t);
	}
	/* The same record twice. */
	struct two t;
	struct view got;
	begin(&t, AES_128);
	size_t len = tls_records_seal(t.a, TLS_DATA, VIEW("abc"), record);
	memcpy(large, record, len);
	assert_int_equal(tls_records_open(t.b, record, len, &got, &t.out), TLS_RECORD_DATA);
	assert_int_equal(tls_records_open(t.b, large, len, &got, &t.out), TLS_RECORD_FAILED);
	end(&t);
}

/* Nobody keeps it busy with nothing. */
static void bears_some_empty_records(void **state)
{
	struct two t;
	unsigned heard = 0;
	(void)state;
	begin(&t, AES_128);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 20; i++)
			assert_int_equal(hears(&t, TLS_DATA, VIEW("")), TLS_RECORD_DATA);
		assert_int_equal(hears(&t, TLS_DATA, VIEW("x")), TLS_RECORD_DATA);
	}
	while (hears(&t, TLS_DATA, VIEW("")) == TLS_RECORD_DATA)
		heard++;
	assert_int_equal(heard, 32);
	end(&t);
}

/* A key protects so many records, and not more. */
static void makes_new_keys_in_time(void **state)
{
	static char record[TLS_RECORD_SEALED_MAX];
	struct tls_records *r = machine(AES_128, CLIENT, SERVER, (1 << 24) - 1);
	struct tls_secret none = {.bytes = {0}};
	char in[64], out[64];
	struct view got;
	struct buf answer;
	(void)state;
	buf_init(&answer, 1000);
	struct tls_secret server = {view_of(in, bytes_of(SERVER, in)), (1 << 24) - 1};
	struct tls_secret client = {view_of(out, bytes_of(CLIENT, out)), 0};
	struct tls_records *peer = tls_records_new(AES_128, &server, &client);
	assert_null(tls_records_new(AES_128, &none, &client));
	size_t len = tls_records_seal(r, TLS_DATA, VIEW("last"), record);
	assert_int_equal(tls_records_length(view_of(record, len)), len);
	assert_int_equal(tls_records_open(peer, record, len, &got, &answer), TLS_RECORD_DATA);
	len = tls_records_seal(r, TLS_DATA, VIEW("first"), record);
	size_t first = tls_records_length(view_of(record, len));
	assert_true(first < len);
	assert_int_equal(tls_records_open(peer, record, first, &got, &answer), TLS_RECORD_NOTHING);
	assert_int_equal(tls_records_open(peer, record + first, len - first, &got, &answer), TLS_RECORD_DATA);
	assert_view(got, "first");
	assert_int_equal(answer.len, 0);
	tls_records_free(r);
	tls_records_free(peer);
}

/* ---- a stream, and OpenSSL's client ---- */

static EVP_PKEY *key;

static int sign_here(
    void *arg, unsigned number, struct view digest, bool pss, struct view tbs, struct tls_wait *wait)
{
	unsigned char signature[TLS_SIGNATURE_MAX];
	size_t len = sizeof signature;
	(void)arg, (void)number, (void)digest, (void)pss;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	assert_int_equal(EVP_DigestSignInit_ex(ctx, NULL, "SHA256", NULL, NULL, key, NULL), 1);
	assert_int_equal(EVP_DigestSign(ctx, signature, &len, (const unsigned char *)tbs.data, tbs.len), 1);
	EVP_MD_CTX_free(ctx);
	tls_signed(wait, 0, view_of((const char *)signature, len));
	return 0;
}

struct server {
	struct loop loop;
	struct stream stream;
	struct tls_context *context;
	uint64_t heard;
	bool secured, ended;
	enum stream_end how;
	size_t at_once; /* octets that it takes of its input */
};

static size_t echo(void *arg, struct view bytes)
{
	struct server *s = arg;
	bytes = view_take(bytes, s->at_once);
	s->heard += bytes.len;
	stream_write(&s->stream, bytes);
	return bytes.len;
}

static void secured(void *arg)
{
	struct server *s = arg;
	s->secured = true;
	stream_lean_tls(&s->stream);
}

static void ended(void *arg, enum stream_end how)
{
	struct server *s = arg;
	s->ended = true;
	s->how = how;
}

static const struct stream_handler handler = {.input = echo, .secured = secured, .ended = ended};

static void serve(struct server *s, int fd, bool lean)
{
	struct buf pem;
	X509 *x = make_certificate(key, "x", "DNS:x", NULL, key, -3600, 3600);
	buf_init(&pem, 10000);
	append_pem(&pem, x);
	X509_free(x);
	*s = (struct server){.at_once = MUCH};
	loop_init(&s->loop);
	s->context = tls_server_new(NULL);
	if (lean)
		tls_server_lean(s->context);
	assert_int_equal(tls_server_add(s->context, buf_view(&pem), 0), 0);
	buf_done(&pem);
	stream_init(&s->stream, &s->loop, fd, &handler, s);
	assert_int_equal(stream_start_tls(&s->stream, s->context), 0);
}

static void stop(struct server *s)
{
	stream_free(&s->stream);
	tls_context_unref(s->context);
	loop_done(&s->loop);
}

static void nothing(void *arg)
{
	(void)arg;
}

static void turn(struct server *s)
{
	struct loop_task task;
	loop_task_init(&task, &s->loop, nothing, NULL);
	loop_task_schedule(&task);
	loop_turn(&s->loop);
}

static SSL *client_of(SSL_CTX **ctx, int fd, const char *suite, int version)
{
	*ctx = SSL_CTX_new(TLS_client_method());
	SSL_CTX_set_max_proto_version(*ctx, version);
	if (suite)
		assert_int_equal(SSL_CTX_set_ciphersuites(*ctx, suite), 1);
	SSL *ssl = SSL_new(*ctx);
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	SSL_set_fd(ssl, fd);
	SSL_set_connect_state(ssl);
	SSL_set_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	return ssl;
}

static void shake_hands(struct server *s, SSL *ssl)
{
	int shaken = 0;
	for (int i = 0; i < 1000 && !(shaken == 1 && s->secured); i++) {
		shaken = SSL_do_handshake(ssl);
		turn(s);
	}
	assert_true(shaken == 1 && s->secured);
}

/* All goes there and back again, with new keys on the way. */
static void talk(struct server *s, SSL *ssl, bool renew)
{
	static char there[MUCH], back[MUCH];
	size_t sent = 0, got = 0;
	for (size_t i = 0; i < MUCH; i++)
		there[i] = (char)(i * 7 + i / 1000);
	for (int i = 0; i < 100000 && got < MUCH; i++) {
		size_t piece = i % 7 == 0 ? 1 : 20000;
		int n = sent < MUCH
		            ? SSL_write(ssl, there + sent, (int)(MUCH - sent < piece ? MUCH - sent : piece))
		            : 0;
		sent += n > 0 ? (size_t)n : 0;
		turn(s);
		while ((n = SSL_read(ssl, back + got, (int)(MUCH - got))) > 0)
			got += (size_t)n;
		if (renew && i % 10 == 3)
			SSL_key_update(
			    ssl, i % 20 == 3 ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED);
		assert_false(s->ended);
	}
	assert_int_equal(got, MUCH);
	assert_memory_equal(there, back, MUCH);
}

static void speaks_to_openssl(void **state)
{
	static const char *const suites[] = {
	    "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"};
	(void)state;
	for (size_t i = 0; i < 6; i++) {
		struct server s;
		SSL_CTX *ctx;
		int pair[2];
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
		serve(&s, pair[0], true);
		if (i >= 3)
			s.at_once = 5000; /* its input is left over, and records are read in parts */
		SSL *ssl = client_of(&ctx, pair[1], suites[i % 3], TLS1_3_VERSION);
		if (i == 4)
			SSL_set_block_padding(ssl, 300);
		shake_hands(&s, ssl);
		assert_null(s.stream.ssl);
		assert_true(stream_is_secure(&s.stream));
		talk(&s, ssl, true);
		assert_int_equal(stream_backlog(&s.stream), 0);
		/* The client's goodbye, and the server's. */
		SSL_shutdown(ssl);
		for (int k = 0; k < 100 && !s.ended; k++)
			turn(&s);
		assert_true(s.ended && s.how == STREAM_PEER_CLOSED && !stream_was_cut(&s.stream));
		char byte;
		assert_true(SSL_read(ssl, &byte, 1) <= 0);
		assert_true(SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN);
		SSL_free(ssl);
		SSL_CTX_free(ctx);
		close(pair[1]);
		stop(&s);
	}
}

/* A session is resumed: its ticket came under the keys that were handed over. */
static void resumes(void **state)
{
	SSL_SESSION *session = NULL;
	struct server s;
	(void)state;
	for (int i = 0; i < 2; i++) {
		SSL_CTX *ctx;
		int pair[2];
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
		struct tls_context *before = i ? tls_context_ref(s.context) : NULL;
		if (before)
			stop(&s);
		serve(&s, pair[0], true);
		if (before) {
			/* The same context, whose key the ticket has. */
			stream_free(&s.stream);
			tls_context_unref(s.context);
			s.context = before;
			close(pair[1]);
			assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
			stream_init(&s.stream, &s.loop, pair[0], &handler, &s);
			assert_int_equal(stream_start_tls(&s.stream, s.context), 0);
		}
		SSL *ssl = client_of(&ctx, pair[1], NULL, TLS1_3_VERSION);
		if (session)
			assert_int_equal(SSL_set_session(ssl, session), 1);
		shake_hands(&s, ssl);
		assert_int_equal(SSL_session_reused(ssl), i);
		talk(&s, ssl, false);
		SSL_SESSION_free(session);
		session = SSL_get1_session(ssl);
		SSL_shutdown(ssl);
		SSL_free(ssl);
		SSL_CTX_free(ctx);
		close(pair[1]);
	}
	SSL_SESSION_free(session);
	stop(&s);
}

/* TLS 1.2, and a context that is not for it, go on with OpenSSL. */
static void leaves_others_as_they_are(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct server s;
		SSL_CTX *ctx;
		int pair[2];
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
		serve(&s, pair[0], i == 0);
		SSL *ssl = client_of(&ctx, pair[1], NULL, i == 0 ? TLS1_2_VERSION : TLS1_3_VERSION);
		shake_hands(&s, ssl);
		assert_non_null(s.stream.ssl);
		talk(&s, ssl, false);
		SSL_free(ssl);
		SSL_CTX_free(ctx);
		close(pair[1]);
		stop(&s);
	}
}

/* A connection that is cut off is told from one that has ended, and one that is forged from both. */
static void tells_how_it_ended(void **state)
{
	(void)state;
	for (int forged = 0; forged < 2; forged++) {
		struct server s;
		SSL_CTX *ctx;
		int pair[2];
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
		serve(&s, pair[0], true);
		SSL *ssl = client_of(&ctx, pair[1], NULL, TLS1_3_VERSION);
		shake_hands(&s, ssl);
		if (forged)
			assert_int_equal(send(pair[1],
			                     "\x17\3\3\0\x20"
			                     "0123456789abcdef0123456789abcdef",
			                     37, 0),
			    37);
		else
			shutdown(pair[1], SHUT_WR);
		for (int k = 0; k < 100 && !s.ended; k++)
			turn(&s);
		assert_true(s.ended);
		assert_int_equal(s.how, forged ? STREAM_FAILED : STREAM_PEER_CLOSED);
		assert_int_equal(stream_was_cut(&s.stream), !forged);
		char byte;
		if (forged) {
			/* It is told why. */
			int n = SSL_read(ssl, &byte, 1);
			assert_int_equal(SSL_get_error(ssl, n), SSL_ERROR_SSL);
			assert_int_equal(ERR_GET_REASON(ERR_peek_error()), SSL_R_SSLV3_ALERT_BAD_RECORD_MAC);
			ERR_clear_error();
		} else {
			/* It hears a goodbye, though it has said none. */
			assert_true(SSL_read(ssl, &byte, 1) <= 0);
			assert_true(SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN);
		}
		SSL_free(ssl);
		SSL_CTX_free(ctx);
		close(pair[1]);
		stop(&s);
	}
}

/* Whoever says goodbye behind its questions still hears all answers, and the goodbye only behind them. */
static void answers_who_has_said_goodbye(void **state)
{
	enum { ASKED = 3 * TLS_RECORD_PLAIN_MAX };
	static char there[ASKED], back[ASKED + 1];
	(void)state;
	for (int lean = 0; lean < 2; lean++) {
		struct server s;
		SSL_CTX *ctx;
		int pair[2], n;
		size_t got = 0;
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
		serve(&s, pair[0], lean);
		SSL *ssl = client_of(&ctx, pair[1], NULL, TLS1_3_VERSION);
		shake_hands(&s, ssl);
		/* Three records, and the goodbye with them: one turn reads all four. */
		memset(there, 'x', sizeof there);
		for (size_t sent = 0; sent < sizeof there; sent += (size_t)n)
			assert_true((n = SSL_write(ssl, there + sent, (int)(sizeof there - sent))) > 0);
		SSL_shutdown(ssl);
		for (int k = 0; k < 100 && !s.ended; k++)
			turn(&s);
		assert_true(s.ended && s.how == STREAM_PEER_CLOSED);
		while ((n = SSL_read(ssl, back + got, (int)(sizeof back - got))) > 0)
			got += (size_t)n;
		assert_int_equal(got, sizeof there);
		assert_memory_equal(there, back, sizeof there);
		assert_true(SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN);
		SSL_free(ssl);
		SSL_CTX_free(ctx);
		close(pair[1]);
		stop(&s);
	}
}

static int prepare(void **state)
{
	(void)state;
	key = EVP_EC_gen("P-256");
	return tls_set_signer(sign_here, NULL);
}

static int finish(void **state)
{
	(void)state;
	EVP_PKEY_free(key);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(says_what_the_standard_has),
	    cmocka_unit_test(knows_its_suites_alone),
	    cmocka_unit_test(takes_new_keys),
	    cmocka_unit_test(refuses_what_is_no_record),
	    cmocka_unit_test(bears_some_empty_records),
	    cmocka_unit_test(makes_new_keys_in_time),
	    cmocka_unit_test(speaks_to_openssl),
	    cmocka_unit_test(resumes),
	    cmocka_unit_test(leaves_others_as_they_are),
	    cmocka_unit_test(tells_how_it_ended),
	    cmocka_unit_test(answers_who_has_said_goodbye),
	};
	return cmocka_run_group_tests(tests, prepare, finish);
}
