/*
 * What a role that strangers have broken into can say to the others: everything that its channels carry. Each
 * role runs as a process of its own, and this test holds the other end of each of its channels. Of all
 * messages, those that the peer may not send, those that are malformed and answers that are none, end the
 * channel, and the role serves on. What the table allows and the receiver must refuse all the same has a test
 * of its own below.
 */
#include "../unit.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "mail/mail.h"
#include "mail/mail_url.h"
#include "config/services.h"
#include "process/messages.h"
#include "process/role.h"
#include "master/roles.h"

enum { WAIT_MS = TEST_PATIENCE_MS, TYPES_TRIED = MESSAGE_TYPES + 3 /* the last ones no pair has */ };

static struct {
	const struct role *role;
	pid_t pid;
	int control, folder;
	char path[64];
	uint64_t last_number;
	struct buf in;
	struct arena arena;
} t;

static void send_to(int fd, unsigned type, uint32_t request, const void *message, int pass)
{
	assert_int_equal(ipc_send_blocking(fd, type, request, message, pass), 0);
	if (pass >= 0)
		close(pass);
}

/* The next frame; its descriptor goes to *pass, or there must be none. */
static void expect(int fd, unsigned type, void *message, int *pass)
{
	struct channel_frame frame;
	assert_int_equal(channel_receive_blocking(fd, &t.in, &frame, WAIT_MS), 0);
	assert_int_equal(frame.type, type);
	arena_reset(&t.arena);
	assert_int_equal(ipc_decode_as(&frame, NULL, SIZE_MAX, message, &t.arena), 0);
	if (pass)
		*pass = frame.fd;
	else
		assert_int_equal(frame.fd, -1);
}

/* ---- a role's process, and the other end of its channels ---- */

static void run_role(int control)
{
	int null = open("/dev/null", O_RDWR);
	dup2(null, STDERR_FILENO);
	setenv("POSTRIDER_SANDBOX", "off", 1);
	if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0)
		_exit(99);
	_exit(role_run(t.role, control));
}

static void configure(const char *key_pem)
{
	struct buf encoded;
	struct settings settings;
	struct message_empty none = {0};
	settings_init(&settings);
	settings.hostname = VIEW("mail.example.test");
	buf_init(&encoded, 1 << 20);
	assert_int_equal(settings_encode(&settings, &encoded), 0);
	send_to(
	    t.control, MESSAGE_SETTINGS, 0, &(struct message_settings){.encoded = buf_view(&encoded)}, -1);
	buf_done(&encoded);
	settings_done(&settings);
	if (t.role->gets_folder)
		send_to(t.control, MESSAGE_FOLDER, 0, &none, dup(t.folder));
	if (key_pem) {
		int fd = memfd_create("key", 0);
		assert_int_equal(write(fd, key_pem, strlen(key_pem)), strlen(key_pem));
		assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
		send_to(t.control, MESSAGE_FILE, 0,
		    &(struct message_file){.kind = FILE_KEY, .number = 1, .name = VIEW("key")}, fd);
	}
	if (t.role->files & 1 << FILE_SECRET)
		send_to(t.control, MESSAGE_FILE, 0,
		    &(struct message_file){.kind = FILE_SECRET,
		        .number = SECRET_SIGNING,
		        .name = VIEW("signing-secret"),
		        .content = VIEW("0123456789abcdef0123456789abcdef")},
		    -1);
	send_to(t.control, MESSAGE_START, 0, &none, -1);
}

static void begin(const char *name, const char *key_pem)
{
	int pair[2];
	t.role = role_by_name(name);
	t.last_number = 0;
	strcpy(t.path, "/tmp/postrider-breach-XXXXXX");
	assert_non_null(mkdtemp(t.path));
	assert_int_equal(chmod(t.path, 0777), 0);
	t.folder = open(t.path, O_RDONLY | O_DIRECTORY);
	if (geteuid() == 0)
		assert_int_equal(fchown(t.folder, 65534, 65534), 0);
	buf_init(&t.in, CHANNEL_FRAME_MAX + 64);
	arena_init(&t.arena, 1 << 20);
	assert_int_equal(channel_pair(pair), 0);
	t.pid = fork();
	if (t.pid == 0) {
		close(pair[0]);
		run_role(pair[1]);
	}
	close(pair[1]);
	t.control = pair[0];
	configure(key_pem);
}

static void end(void)
{
	char command[100];
	int status;
	assert_int_equal(waitpid(t.pid, &status, WNOHANG), 0); /* it lives */
	close(t.control);
	kill(t.pid, SIGKILL);
	assert_int_equal(waitpid(t.pid, &status, 0), t.pid);
	close(t.folder);
	buf_done(&t.in);
	arena_done(&t.arena);
	snprintf(command, sizeof command, "rm -rf %s", t.path);
	assert_int_equal(system(command), 0);
}

/* The peer's end of a new channel. */
static int introduce(enum role_bit peer)
{
	int pair[2];
	struct message_peer m = {.role = peer, .number = ++t.last_number};
	assert_int_equal(channel_pair(pair), 0);
	send_to(t.control, MESSAGE_PEER, 0, &m, pair[0]);
	return pair[1];
}

/* The end of file, before which other frames may come only if `talks`: its own questions. */
static void expect_closed(int fd, bool talks)
{
	char bytes[4096];
	ssize_t n;
	struct pollfd p = {.fd = fd, .events = POLLIN};
	do {
		assert_int_equal(poll(&p, 1, WAIT_MS), 1);
		n = recv(fd, bytes, sizeof bytes, 0);
		assert_true(n <= 0 || talks);
	} while (n > 0);
	close(fd);
}

/* A message of this type whose fields are all as small as may be, in its own form; of an unknown type
 * nothing. */
static void send_empty(int fd, unsigned type)
{
	static _Alignas(16) char zero[4096];
	struct buf payload;
	buf_init(&payload, 4096);
	const struct codec_schema *schema = ipc_schema(type);
	assert_true(schema == NULL || schema->size <= sizeof zero);
	memset(zero, 0, sizeof zero);
	for (size_t i = 0; schema && i < schema->count; i++)
		if (schema->fields[i].kind == CODEC_U64)
			*(uint64_t *)(zero + schema->fields[i].offset) = schema->fields[i].min;
	if (schema)
		assert_int_equal(codec_encode(&payload, schema, zero), 0);
	assert_int_equal(channel_send_blocking(fd, (uint16_t)type, 7, buf_view(&payload), -1), 0);
	buf_done(&payload);
}

static bool calls(const struct role *a, const struct role *b)
{
	return a->calls & b->bit;
}

/*
 * What ends the channel: a message that this peer may not send; one that is malformed; one that is no answer,
 * but says under a request number that it were. An answer to a question that nobody waits for any more is
 * dropped.
 */
static void walk(const struct role *peer)
{
	bool talks = calls(t.role, peer);
	for (unsigned type = 0; type < TYPES_TRIED; type++) {
		bool allowed = ipc_allowed(type, peer->bit, t.role->bit);
		bool late_answer = allowed && talks && ipc_answers(type);
		int fd = introduce(peer->bit);
		if (!allowed || talks)
			send_empty(fd, type);
		else
			assert_int_equal(
			    channel_send_blocking(fd, (uint16_t)type, 7, VIEW("garbled"), -1), 0);
		if (late_answer)
			close(fd);
		else
			expect_closed(fd, talks);
	}
}

static void walk_all(void **state)
{
	begin(*state, NULL);
	size_t walked = 0;
	for (size_t i = 0; i < roles_count; i++)
		if (calls(t.role, &roles[i]) || calls(&roles[i], t.role)) {
			walk(&roles[i]);
			walked++;
		}
	assert_true(walked > 0);
	end();
}

/* ---- an account's channel ---- */

static uint64_t directory(
    int auth, enum directory_operation operation, uint64_t number, const char *const *texts, size_t count)
{
	struct message_field fields[8];
	struct message_directory_answer answer;
	for (size_t i = 0; i < count; i++)
		fields[i].value = view_from_string(texts[i]);
	send_to(auth, MESSAGE_DIRECTORY, 1,
	    &(struct message_directory){
	        .operation = operation, .number = number, .fields = {.items = fields, .count = count}},
	    -1);
	expect(auth, MESSAGE_DIRECTORY_ANSWER, &answer, NULL);
	assert_int_equal(answer.error, 0);
	return answer.number;
}

static int grant(int auth, uint64_t account, const char *service)
{
	struct message_granted granted;
	int fd;
	send_to(auth, MESSAGE_GRANT, 1,
	    &(struct message_grant){.account = account, .service = view_from_string(service)}, -1);
	expect(auth, MESSAGE_GRANTED, &granted, &fd);
	assert_int_equal(granted.error, 0);
	assert_true(fd >= 0);
	return fd;
}

static uint64_t account_of_joe(int auth)
{
	static const char *const domain[] = {"example.test", "", "", "+"}, *const account[] = {
	                                                                       "joe@example.test", "none"};
	directory(auth, DIRECTORY_DOMAIN_PUT, 0, domain, 4);
	return directory(auth, DIRECTORY_ACCOUNT_ADD, 0, account, 2);
}

/* Every message there is, on a channel of its own: what this edge may not say, and what it may, malformed. */
static void walks_an_accounts_channel(void **state)
{
	const char *service = *state;
	enum role_bit edge = role_bit_by_name(service_by_name(view_from_string(service))->role);
	begin("store", NULL);
	int auth = introduce(ROLE_AUTH);
	uint64_t number = account_of_joe(auth);
	unsigned permitted = 0;
	for (unsigned type = 0; type < TYPES_TRIED; type++) {
		int fd = grant(auth, number, service);
		bool allowed = ipc_allowed(type, edge, ROLE_STORE);
		permitted += allowed;
		if (allowed)
			assert_int_equal(
			    channel_send_blocking(fd, (uint16_t)type, 7, VIEW("garbled"), -1), 0);
		else
			send_empty(fd, type);
		expect_closed(fd, false);
	}
	assert_true(permitted > 0);
	close(auth);
	end();
}

/* What may be said, out of its order: nothing is carried out before the maildrop is open. A channel for a
 * service that nobody knows is none. */
static void has_nothing_carried_out_out_of_its_order(void **state)
{
	(void)state;
	struct message_granted granted;
	begin("store", NULL);
	int auth = introduce(ROLE_AUTH);
	uint64_t number = account_of_joe(auth);
	int fd = grant(auth, number, "pop3");
	send_to(fd, MESSAGE_EXPUNGE, 1, &(struct message_expunge){.last = 1}, -1);
	expect_closed(fd, true);
	send_to(
	    auth, MESSAGE_GRANT, 1, &(struct message_grant){.account = number, .service = VIEW("root")}, -1);
	expect(auth, MESSAGE_GRANTED, &granted, &fd);
	assert_int_equal(fd, -1);
	assert_true(granted.error != 0);
	close(auth);
	end();
}

/* A breached web verifies no subscription without the code that was pushed; a breached relay says what became
 * of pushes that nobody sent. */
static void verifies_no_subscription_with_a_code_that_is_made_up(void **state)
{
	(void)state;
	struct mail_done done;
	begin("store", NULL);
	int auth = introduce(ROLE_AUTH), relay = introduce(ROLE_RELAY);
	int fd = grant(auth, account_of_joe(auth), "https");
	send_to(fd, PUSH_CREATE, 1,
	    &(struct push_create){.all_types = 1, .url = VIEW("https://x.test/"), .device = VIEW("d")}, -1);
	expect(fd, MAIL_DONE, &done, NULL);
	assert_int_equal(done.error, 0);
	struct push_update m = {
	    .number = done.number, .has = PUSH_HAS_CODE, .code = VIEW("abcdefghijklmnopqrstuvwxyz234567")};
	send_to(
	    relay, MESSAGE_PUSH_SENT, 0, &(struct message_push_sent){.ticket = 99, .verdict = PUSH_GONE}, -1);
	for (size_t len = 0; len <= PUSH_CODE_SIZE; len += PUSH_CODE_SIZE) {
		m.code.len = len;
		send_to(fd, PUSH_UPDATE, 2, &m, -1);
		expect(fd, MAIL_DONE, &done, NULL);
		assert_int_equal(done.error, -EACCES);
	}
	close(fd);
	close(relay);
	close(auth);
	end();
}

/*
 * A breached imap or smtp makes URLs up: without the key of the mailbox none of them shows anything, whosever
 * it names; and the key of another's mailbox is not told, even where all rights to it are given.
 */
static void shows_nothing_by_urls_that_are_made_up(void **state)
{
#define ZEROES "0000000000000000000000000000000000000000000000000000000000000000"
	static const char *const urls[] = {
	    "imap://joe@example.test/INBOX/;uid=1;urlauth=anonymous:internal:01",
	    ("imap://joe@example.test/INBOX/;uid=1;urlauth=submit+joe:internal:01" ZEROES),
	    "imap://joe@example.test/INBOX/;uid=1;urlauth=anonymous", "imap://joe@example.test/INBOX/;uid=1",
	    "/INBOX/;uid=1", "x"};
	static const char *const ann[] = {"ann@example.test", "none"};
	struct mail_done done;
	struct message_shown shown;
	(void)state;
	begin("store", NULL);
	int auth = introduce(ROLE_AUTH), smtp = introduce(ROLE_SMTP);
	uint64_t joes = account_of_joe(auth);
	int joe = grant(auth, joes, "imap");
	int imap = grant(auth, directory(auth, DIRECTORY_ACCOUNT_ADD, 0, ann, 2), "imap");
	send_to(joe, MAIL_METADATA_SET, 1,
	    &(struct mail_metadata_entry){
	        .mailbox = 1, .name = VIEW(MAIL_URL_KEY_NAME), .value = VIEW("key")},
	    -1);
	expect(joe, MAIL_DONE, &done, NULL);
	assert_int_equal(done.error, 0);
	send_to(joe, MAIL_GRANT_SET, 2,
	    &(struct mail_grant){.mailbox = 1, .who = VIEW("anyone"), .rights = RIGHT_ALL}, -1);
	expect(joe, MAIL_DONE, &done, NULL);
	assert_int_equal(done.error, 0);
	for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
		struct view url = view_from_string(urls[i]);
		send_to(imap, MAIL_SHOW, 3, &(struct mail_show){.url = url}, -1);
		expect(imap, MAIL_DONE, &done, NULL);
		assert_int_equal(done.error, -EACCES);
		send_to(smtp, MESSAGE_SHOW, 3,
		    &(struct message_show){.account = joes, .login = VIEW("joe@example.test"), .url = url},
		    -1);
		expect(smtp, MESSAGE_SHOWN, &shown, NULL);
		assert_true(shown.error != 0 && shown.bytes.len == 0);
	}
	static const char *const names[] = {MAIL_URL_KEY_NAME, "/internal", "/", "", "/INTERNAL/urlauth"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		send_to(imap, MAIL_METADATA, 4,
		    &(struct mail_metadata){.account = joes & (MAIL_ACCOUNT_END - 1),
		        .mailbox = 1,
		        .depth = 2,
		        .name = view_from_string(names[i])},
		    -1);
		expect(imap, MAIL_DONE, &done, NULL);
		assert_int_equal(done.error, -EACCES);
	}
	close(imap);
	close(joe);
	close(smtp);
	close(auth);
	end();
}

/* ---- what the table allows, and the receiver refuses ---- */

static void login_fails(int edge, const char *service, enum login_failure why)
{
	struct message_login_failed failed;
	struct message_login m = {.session = VIEW("x"),
	    .service = view_from_string(service),
	    .client = VIEW("192.0.2.1"),
	    .mechanism = VIEW("PLAIN"),
	    .initial = VIEW("\0joe@example.test\0secret"),
	    .has_initial = true,
	    .secure = true};
	send_to(edge, MESSAGE_LOGIN, 1, &m, -1);
	expect(edge, MESSAGE_LOGIN_FAILED, &failed, NULL);
	assert_int_equal(failed.why, why);
}

/* Auth asks for the server's secret first. */
static void tell_secret(int store)
{
	struct message_directory question;
	struct message_field secret = {VIEW("0123456789abcdef0123456789abcdef")};
	struct channel_frame frame;
	assert_int_equal(channel_receive_blocking(store, &t.in, &frame, WAIT_MS), 0);
	assert_int_equal(ipc_decode(&frame, &question, &t.arena), 0);
	assert_int_equal(question.operation, DIRECTORY_SECRET);
	send_to(store, MESSAGE_DIRECTORY_ANSWER, frame.request,
	    &(struct message_directory_answer){.fields = {.items = &secret, .count = 1}}, -1);
}

static void logs_in_for_its_own_services_alone(void **state)
{
	(void)state;
	static const struct {
		enum role_bit edge;
		const char *service;
	} wrong[] = {{ROLE_SMTP, "pop3"}, {ROLE_SMTP, "pop3s"}, {ROLE_SMTP, "smtp"}, {ROLE_SMTP, "lmtp"},
	    {ROLE_SMTP, "imap"}, {ROLE_POP3, "imap"}, {ROLE_IMAP, "pop3"}, {ROLE_SMTP, ""},
	    {ROLE_POP3, "submission"}, {ROLE_POP3, "submissions"}, {ROLE_POP3, "pop"}, {ROLE_POP3, "pop3x"},
	    {ROLE_IMAP, "managesieve"}, {ROLE_MANAGESIEVE, "imap"}, {ROLE_MANAGESIEVE, "submission"},
	    {ROLE_WEB, "imaps"}, {ROLE_WEB, "http"}, {ROLE_IMAP, "https"}, {ROLE_MANAGESIEVE, "https"}};
	begin("auth", NULL);
	int store = introduce(ROLE_STORE);
	tell_secret(store);
	expect(t.control, MESSAGE_READY, &(struct message_empty){0}, NULL);
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		int edge = introduce(wrong[i].edge);
		login_fails(edge, wrong[i].service, LOGIN_BAD_MECHANISM);
		close(edge);
	}
	/* With one that is right auth goes on, and asks store whose it is. */
	int edge = introduce(ROLE_POP3);
	close(store);
	login_fails(edge, "pop3", LOGIN_TEMPORARY);
	close(edge);
	end();
}

/* The administrator's end of a new connection. */
static int call_as_administrator(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0), fd = socket(AF_UNIX, SOCK_STREAM, 0);
	snprintf(address.sun_path, sizeof address.sun_path, "%s/auth", t.path);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
	send_to(t.control, MESSAGE_LISTENER, 0,
	    &(struct message_listener){.service = SERVICE_ADMIN_AUTH, .address = VIEW("auth")}, listener);
	return fd;
}

/* Store disables the account first, and then its mail cannot be erased: its sessions end all the same. */
static void ends_the_sessions_of_an_account_that_is_half_removed(void **state)
{
	struct message_field address = {.value = VIEW("joe@example.test")};
	struct message_directory m = {
	    .operation = DIRECTORY_ACCOUNT_DELETE, .fields = {.items = &address, .count = 1}};
	struct message_revoke revoked;
	struct message_directory_answer answer = {.error = -EIO, .number = 77};
	(void)state;
	begin("auth", NULL);
	int store = introduce(ROLE_STORE);
	tell_secret(store);
	expect(t.control, MESSAGE_READY, &(struct message_empty){0}, NULL);
	int smtp = introduce(ROLE_SMTP), administrator = call_as_administrator();
	send_to(administrator, MESSAGE_DIRECTORY, 1, &m, -1);
	expect(store, MESSAGE_DIRECTORY, &m, NULL);
	send_to(store, MESSAGE_DIRECTORY_ANSWER, 2, &answer, -1);
	expect(administrator, MESSAGE_DIRECTORY_ANSWER, &answer, NULL);
	assert_int_equal(answer.error, -EIO);
	expect(store, MESSAGE_REVOKE, &revoked, NULL);
	assert_int_equal(revoked.account, 77);
	expect(smtp, MESSAGE_REVOKE, &revoked, NULL);
	assert_int_equal(revoked.account, 77);
	close(administrator);
	close(smtp);
	close(store);
	end();
}

static uint64_t signed_as(int edge, const char *algorithm, bool pss, struct view tbs)
{
	struct message_signed answer;
	send_to(edge, MESSAGE_SIGN, 1,
	    &(struct message_sign){
	        .key = 1, .pss = pss, .algorithm = view_from_string(algorithm), .tbs = tbs},
	    -1);
	expect(edge, MESSAGE_SIGNED, &answer, NULL);
	assert_true((answer.error == 0) == (answer.signature.len > 0));
	return answer.error;
}

static void has_nothing_signed_but_handshakes(void **state)
{
	(void)state;
	static const char *const digests[] = {"", "SHA1", "MD5", "NULL", "SHA224", "MD5-SHA1"};
	char tls13[98 + 32], tls12[133], *pem;
	BIO *bio = BIO_new(BIO_s_mem());
	EVP_PKEY *key = EVP_EC_gen("P-256");
	assert_int_equal(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), 1);
	assert_int_equal(BIO_write(bio, "", 1), 1);
	BIO_get_mem_data(bio, &pem);
	begin("keys", pem);
	BIO_free(bio);
	EVP_PKEY_free(key);
	int edge = introduce(ROLE_SMTP);
	memset(tls13, ' ', sizeof tls13);
	memcpy(tls13 + 64, "TLS 1.3, server CertificateVerify", 34);
	memset(tls12, 'r', sizeof tls12);
	memcpy(tls12 + 64, "\x03\x00\x17\x41\x04", 5);
	assert_int_equal(signed_as(edge, "SHA2-256", false, view_of(tls13, sizeof tls13)), 0);
	assert_int_equal(signed_as(edge, "SHA2-256", false, view_of(tls12, sizeof tls12)), 0);
	for (size_t i = 0; i < sizeof digests / sizeof digests[0]; i++)
		assert_true(signed_as(edge, digests[i], false, view_of(tls13, sizeof tls13)) != 0);
	assert_true(signed_as(edge, "SHA2-256", true, view_of(tls13, sizeof tls13)) != 0);
	/* The beginning of a document, up to an element that covers the parameters. */
	memcpy(tls12, "\x30\x81\x82\x04\x3b", 5);
	assert_true(signed_as(edge, "SHA2-256", false, view_of(tls12, sizeof tls12)) != 0);
	close(edge);
	end();
}

/* ---- signatures of mail ---- */

/* Store's side of the list of domains and keys; what keys wants kept is answered with 0. */
static void serve_domain(int store)
{
	struct message_field fields[] = {
	    {VIEW("example.test")}, {VIEW("")}, {VIEW("")}, {VIEW("+")}, {VIEW("")}};
	unsigned kept = 0;
	while (kept < SIGNING_ALGORITHMS) {
		struct channel_frame frame;
		struct message_directory m;
		struct message_directory_answer answer = {0};
		assert_int_equal(channel_receive_blocking(store, &t.in, &frame, WAIT_MS), 0);
		assert_int_equal(frame.type, MESSAGE_SIGNING);
		arena_reset(&t.arena);
		assert_int_equal(ipc_decode(&frame, &m, &t.arena), 0);
		if (m.operation == DIRECTORY_DOMAIN_LIST)
			answer.fields = (struct codec_list){.items = fields, .count = 5};
		if (m.operation == DIRECTORY_SIGNING_PUT) {
			const struct message_field *f = m.fields.items;
			/* The private half leaves sealed. */
			assert_int_equal(m.number, DIRECTORY_SIGNING_SEALED);
			assert_true(f[4].value.len > 48);
			assert_true(f[4].value.data[0] == 1);
			kept++;
		}
		send_to(store, MESSAGE_SIGNING_ANSWER, frame.request, &answer, -1);
	}
}

static int64_t signed_mail(int smtp, const char *domain, struct view selector, const char *block)
{
	struct message_mail_signed answer;
	send_to(smtp, MESSAGE_SIGN_MAIL, 1,
	    &(struct message_sign_mail){
	        .domain = view_from_string(domain), .selector = selector, .block = view_from_string(block)},
	    -1);
	expect(smtp, MESSAGE_MAIL_SIGNED, &answer, NULL);
	assert_true((answer.error == 0) == (answer.signature.len == 64));
	return answer.error;
}

static int64_t signers_of(int smtp, const char *domain, bool parents, char selector[64])
{
	struct message_signers_answer answer;
	send_to(smtp, MESSAGE_SIGNERS, 1,
	    &(struct message_signers){.domain = view_from_string(domain), .parents = parents}, -1);
	expect(smtp, MESSAGE_SIGNERS_ANSWER, &answer, NULL);
	const struct message_signer *signers = answer.signers.items;
	assert_true(answer.error ? answer.signers.count == 0 : answer.signers.count <= 2);
	for (size_t i = 0; i < answer.signers.count; i++)
		if (signers[i].algorithm == SIGNING_ED25519)
			snprintf(selector, 64, "%.*s", VIEW_FMT(signers[i].selector));
	if (answer.error == 0)
		assert_view(answer.domain, "example.test");
	return answer.error;
}

static void has_nothing_signed_but_mail_of_its_domains(void **state)
{
	(void)state;
	char selector[64] = "", block[600], other[600];
	begin("keys", NULL);
	int store = introduce(ROLE_STORE), smtp = introduce(ROLE_SMTP);
	/* What is asked before the keys are there waits for them. */
	send_to(smtp, MESSAGE_SIGNERS, 7, &(struct message_signers){.domain = VIEW("example.test")}, -1);
	serve_domain(store);
	struct message_signers_answer first;
	expect(smtp, MESSAGE_SIGNERS_ANSWER, &first, NULL);
	assert_int_equal(first.error, 0);
	assert_true(first.signers.count > 0);
	/* Both are kept by now; that keys has read so of the second may take it a turn. */
	while (selector[0] == '\0')
		assert_int_equal(signers_of(smtp, "example.test", false, selector), 0);
	assert_int_equal(signers_of(smtp, "example.test", false, selector), 0);
	assert_int_equal(signers_of(smtp, "mx.example.test", true, selector), 0);
	assert_int_equal(signers_of(smtp, "mx.example.test", false, selector), -ENOENT);
	assert_int_equal(signers_of(smtp, "test", true, selector), -ENOENT);
	assert_int_equal(signers_of(smtp, "example.org", true, selector), -ENOENT);
	send_to(smtp, MESSAGE_SIGNERS, 8,
	    &(struct message_signers){.domain = VIEW("example.org"), .instead = VIEW("example.test")}, -1);
	expect(smtp, MESSAGE_SIGNERS_ANSWER, &first, NULL);
	assert_view(first.domain, "example.test");
	struct view s = view_from_string(selector);
	snprintf(block, sizeof block,
	    "from:a@example.test\r\ndkim-signature:v=1; a=ed25519-sha256; d=example.test; s=%s; h=From:From; "
	    "bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=",
	    selector);
	assert_int_equal(signed_mail(smtp, "example.test", s, block), 0);
	/* Another domain, one above ours, another selector: there is no such key. */
	assert_int_equal(signed_mail(smtp, "example.org", s, block), -ENOENT);
	assert_int_equal(signed_mail(smtp, "mx.example.test", s, block), -ENOENT);
	assert_int_equal(signed_mail(smtp, "example.test", VIEW("x"), block), -ENOENT);
	/* A block that speaks of another key, or of something else than mail. */
	static const struct {
		const char *from, *to;
	} changes[] = {{"d=example.test", "d=example.org"}, {"d=example.test", "d=mx.example.test"},
	    {"a=ed25519-sha256", "a=rsa-sha256"}, {" s=", " q="}, {"v=1;", "v=2;"}, {" b=", " b=A"},
	    {" b=", ""}, {"dkim-signature:", "x-signature:"}, {"dkim-signature:", ""},
	    {"h=From:From", "h=To"}};
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		const char *at = strstr(block, changes[i].from);
		assert_non_null(at);
		snprintf(other, sizeof other, "%.*s%s%s", (int)(at - block), block, changes[i].to,
		    at + strlen(changes[i].from));
		assert_int_equal(signed_mail(smtp, "example.test", s, other), -EACCES);
	}
	/* Of ARC b= stands in the middle. */
	snprintf(other, sizeof other,
	    "arc-seal:a=ed25519-sha256; b=; cv=none; d=example.test; i=1; s=%s; t=1", selector);
	assert_int_equal(signed_mail(smtp, "example.test", s, other), 0);
	assert_int_equal(signed_mail(smtp, "example.test", s, ""), -EACCES);
	close(smtp);
	close(store);
	end();
}

int main(void)
{
	static char store[] = "store", keys[] = "keys", dns[] = "dns", auth[] = "auth", relay[] = "relay",
	            smtp[] = "smtp", pop3[] = "pop3", imap[] = "imap", rules[] = "rules",
	            managesieve[] = "managesieve", web[] = "web", https[] = "https";
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_prestate(walk_all, store),
	    cmocka_unit_test_prestate(walk_all, rules),
	    cmocka_unit_test_prestate(walk_all, keys),
	    cmocka_unit_test_prestate(walk_all, dns),
	    cmocka_unit_test_prestate(walk_all, auth),
	    cmocka_unit_test_prestate(walk_all, relay),
	    cmocka_unit_test_prestate(walk_all, smtp),
	    cmocka_unit_test_prestate(walk_all, pop3),
	    cmocka_unit_test_prestate(walk_all, imap),
	    cmocka_unit_test_prestate(walk_all, managesieve),
	    cmocka_unit_test_prestate(walks_an_accounts_channel, managesieve),
	    cmocka_unit_test_prestate(walk_all, web),
	    cmocka_unit_test_prestate(walks_an_accounts_channel, https),
	    cmocka_unit_test_prestate(walks_an_accounts_channel, pop3),
	    cmocka_unit_test_prestate(walks_an_accounts_channel, imap),
	    cmocka_unit_test(has_nothing_carried_out_out_of_its_order),
	    cmocka_unit_test(verifies_no_subscription_with_a_code_that_is_made_up),
	    cmocka_unit_test(shows_nothing_by_urls_that_are_made_up),
	    cmocka_unit_test(logs_in_for_its_own_services_alone),
	    cmocka_unit_test(ends_the_sessions_of_an_account_that_is_half_removed),
	    cmocka_unit_test(has_nothing_signed_but_handshakes),
	    cmocka_unit_test(has_nothing_signed_but_mail_of_its_domains),
	};
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
