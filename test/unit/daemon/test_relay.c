/*
 * The relay role as its store and another host see it: the role runs in a process of its own, the test plays both others, one step
 * after the other.
 */
#include "../unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/role.h"
#include "format/dsn_explain.h"
#include "format/mime.h"
#include "format/summary.h"
#include "format/trailer.h"
#include "smtp/smtp_terms.h"

enum { PATIENCE_MS = 10000 };

static pid_t role;
static int control, store, listener, port, destinations;
static int near_listener;
static char folder[40];
static uint32_t last_request;
static struct buf in;
static struct arena arena;

/* ---- store ---- */

static void tell(int fd, enum message_type type, const void *message, int pass)
{
	assert_int_equal(ipc_send_blocking(fd, type, 0, message, pass), 0);
	if (pass >= 0)
		close(pass);
}

static void expect(int fd, enum message_type type, void *message)
{
	struct channel_frame frame;
	arena_reset(&arena);
	assert_int_equal(channel_receive_blocking(fd, &in, &frame, PATIENCE_MS), 0);
	assert_string_equal(ipc_name(frame.type), ipc_name(type));
	last_request = frame.request;
	assert_int_equal(ipc_decode_as(&frame, NULL, SIZE_MAX, message, &arena), 0);
}

static int introduce(enum role_bit peer)
{
	int pair[2];
	static uint64_t number;
	struct message_peer m = {.role = peer, .number = ++number};
	assert_int_equal(channel_pair(pair), 0);
	tell(control, MESSAGE_PEER, &m, pair[0]);
	return pair[1];
}

static void start_role(const char *routes)
{
	int pair[2];
	struct buf encoded, problem;
	struct settings settings;
	struct message_empty none = {0};
	char text[1000];
	assert_int_equal(channel_pair(pair), 0);
	role = fork();
	if (role == 0) {
		close(pair[0]);
		close(listener);
		setenv("POSTRIDER_SANDBOX", "off", 1);
		if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0)
			_exit(99);
		_exit(role_run("relay", pair[1]));
	}
	close(pair[1]);
	control = pair[0];
	settings_init(&settings);
	buf_init(&problem, 4096);
	snprintf(text, sizeof text, "routes = {%s}\nlog_level = 3\nhostname = \"relay.example.test\"\n", routes);
	if (settings_parse(&settings, text, &problem) != 0)
		fail_msg("%s", buf_string(&problem));
	buf_init(&encoded, 1 << 20);
	assert_int_equal(settings_encode(&settings, &encoded), 0);
	tell(control, MESSAGE_SETTINGS, &(struct message_settings){.encoded = buf_view(&encoded)}, -1);
	store = introduce(ROLE_STORE);
	tell(control, MESSAGE_START, &none, -1);
	expect(control, MESSAGE_READY, &none);
	struct message_queue_ready ready;
	expect(store, MESSAGE_QUEUE_READY, &ready);
	assert_true(ready.destinations > 100);
	buf_done(&encoded);
	buf_done(&problem);
	settings_done(&settings);
}

static void listen_on_a_socket(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	strcpy(folder, "/tmp/postrider-relay-XXXXXX");
	assert_non_null(mkdtemp(folder));
	assert_int_equal(chmod(folder, 0755), 0);
	snprintf(address.sun_path, sizeof address.sun_path, "%s/s", folder);
	near_listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(near_listener, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(chmod(address.sun_path, 0777), 0);
	assert_int_equal(listen(near_listener, 16), 0);
}

static void remove_the_socket(void)
{
	char path[100];
	snprintf(path, sizeof path, "%s/s", folder);
	close(near_listener);
	unlink(path);
	rmdir(folder);
}

static int start(void **state)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof address;
	char routes[300];
	(void)state;
	buf_init(&in, CHANNEL_FRAME_MAX + 64);
	arena_init(&arena, 1 << 20);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(listener, 16), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
	port = ntohs(address.sin_port);
	listen_on_a_socket();
	snprintf(routes, sizeof routes, "\"* smtp:127.0.0.1:%d\", \"lists.example lmtp:127.0.0.1:%d\", \"near.example lmtp:%s/s\"", port,
	    port, folder);
	start_role(routes);
	return 0;
}

static int stop(void **state)
{
	int status = 0;
	(void)state;
	close(control);
	close(store);
	if (listener >= 0)
		close(listener);
	/* After a test that failed somebody may still wait for the host. */
	for (int ms = 0; waitpid(role, &status, WNOHANG) == 0; ms += 10) {
		if (ms == PATIENCE_MS)
			kill(role, SIGKILL);
		usleep(10000);
	}
	remove_the_socket();
	buf_done(&in);
	arena_done(&arena);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	return 0;
}

static uint64_t offer(const char *name)
{
	struct message_queue_destination m = {.number = (uint64_t)++destinations, .name = view_from_string(name)};
	tell(store, MESSAGE_QUEUE_DESTINATION, &m, -1);
	return m.number;
}

static void give(uint64_t destination, const char *id, const char *body, struct message_queue_recipient *recipients, size_t count)
{
	struct message_queue_message m = {.number = destination,
	    .id = view_from_string(id),
	    .sender = VIEW("alice@example.test"),
	    .size = strlen(body),
	    .priority = 9,
	    .recipients = {.items = recipients, .count = count},
	    .bytes = view_from_string(body)};
	tell(store, MESSAGE_QUEUE_MESSAGE, &m, -1);
}

static void give_one(uint64_t destination, const char *id, const char *body)
{
	struct message_queue_recipient bob = {.address = VIEW("bob@example.net")};
	give(destination, id, body, &bob, 1);
}

static void taken(uint64_t destination, uint64_t count)
{
	struct message_queue_taken m = {.number = destination, .count = count};
	tell(store, MESSAGE_QUEUE_TAKEN, &m, -1);
}

static void expect_take(uint64_t destination)
{
	struct message_queue_take m;
	expect(store, MESSAGE_QUEUE_TAKE, &m);
	assert_int_equal(m.number, destination);
	assert_true(m.messages > 0);
}

static void keep(void)
{
	struct message_result good = {.error = 0};
	assert_int_equal(ipc_send_blocking(store, MESSAGE_QUEUE_KEPT, last_request, &good, -1), 0);
}

static struct message_queue_result expect_outcome(const char *id, size_t count, size_t index)
{
	static struct message_queue_outcome m;
	expect(store, MESSAGE_QUEUE_OUTCOME, &m);
	keep();
	assert_view(m.id, id);
	assert_int_equal(m.results.count, count);
	return ((struct message_queue_result *)m.results.items)[index];
}

static char rest_stage[40];

static struct message_queue_rest expect_rest(uint64_t destination, enum queue_rest how)
{
	static struct message_queue_rest m;
	static struct buf kept;
	struct message_queue_ready credit;
	expect(store, MESSAGE_QUEUE_REST, &m);
	assert_int_equal(m.number, destination);
	assert_int_equal(m.how, how);
	buf_done(&kept);
	buf_init(&kept, 4096);
	buf_append(&kept, m.status);
	buf_append_byte(&kept, ' ');
	buf_append(&kept, m.text);
	m.text = buf_view(&kept);
	snprintf(rest_stage, sizeof rest_stage, "%.*s", VIEW_FMT(m.stage));
	expect(store, MESSAGE_QUEUE_READY, &credit);
	assert_int_equal(credit.destinations, 1);
	return m;
}

/* ---- the other host ---- */

static int take_connection_of(int from)
{
	struct pollfd p = {.fd = from, .events = POLLIN};
	assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
	return accept(from, NULL, NULL);
}

static int take_connection(void)
{
	return take_connection_of(listener);
}

static void say(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

/* Reads exactly this. */
static void hear(int fd, const char *text)
{
	char got[70000];
	size_t n = 0, len = strlen(text);
	while (n < len) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
		ssize_t more = read(fd, got + n, len - n);
		if (more <= 0)
			fail_msg("closed after \"%.*s\" instead of \"%s\"", (int)n, got, text);
		n += (size_t)more;
	}
	got[n] = '\0';
	assert_string_equal(got, text);
}

static const char *view_string(const char *data, size_t len)
{
	static char text[70000];
	assert_true(len < sizeof text);
	memcpy(text, data, len);
	text[len] = '\0';
	return text;
}

static void greet(int fd)
{
	say(fd, "220 host.example.net ESMTP\r\n");
	hear(fd, "EHLO relay.example.test\r\n");
	say(fd, "250-host.example.net\r\n250-PIPELINING\r\n250-DSN\r\n250 8BITMIME\r\n");
}

static void expect_closed(int fd)
{
	char c;
	struct pollfd p = {.fd = fd, .events = POLLIN};
	assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
	assert_int_equal(read(fd, &c, 1), 0);
	close(fd);
}

/* ---- tests ---- */

static const char body[] = "Subject: x\r\n\r\nhello\r\n";

static void test_a_message_goes_out(void **state)
{
	(void)state;
	uint64_t d = offer("example.net");
	int fd = take_connection();
	greet(fd);
	expect_take(d);
	give_one(d, "aaaaaaaaaaaa", body);
	taken(d, 1);
	hear(fd, "MAIL FROM:<alice@example.test>\r\nRCPT TO:<bob@example.net>\r\nDATA\r\n");
	say(fd, "250 2.1.0 ok\r\n250 2.1.5 ok\r\n354 go\r\n");
	hear(fd, "Subject: x\r\n\r\nhello\r\n.\r\n");
	say(fd, "250 2.0.0 kept\r\n");
	struct message_queue_result r = expect_outcome("aaaaaaaaaaaa", 1, 0);
	assert_int_equal(r.verdict, QUEUE_RELAYED);
	assert_view(r.reply, "250 2.0.0 kept");
	assert_int_equal(r.cause, TROUBLE_NONE);
	expect_rest(d, REST_EMPTY);
	hear(fd, "QUIT\r\n");
	say(fd, "221 bye\r\n");
	expect_closed(fd);
}

static void test_a_connection_serves_several_messages_and_destinations(void **state)
{
	(void)state;
	uint64_t d = offer("one.example");
	int fd = take_connection();
	greet(fd);
	expect_take(d);
	give_one(d, "aaaaaaaaaaaa", body);
	taken(d, 1);
	hear(fd, "MAIL FROM:<alice@example.test>\r\nRCPT TO:<bob@example.net>\r\nDATA\r\n");
	say(fd, "250 ok\r\n250 ok\r\n354 go\r\n");
	hear(fd, "Subject: x\r\n\r\nhello\r\n.\r\n");
	say(fd, "250 kept\r\n");
	expect_outcome("aaaaaaaaaaaa", 1, 0);
	uint64_t e = offer("two.example");
	expect_take(e);
	give_one(e, "bbbbbbbbbbbb", body);
	taken(e, 1);
	hear(fd, "MAIL FROM:<alice@example.test>\r\nRCPT TO:<bob@example.net>\r\nDATA\r\n");
	say(fd, "250 ok\r\n250 ok\r\n354 go\r\n");
	hear(fd, "Subject: x\r\n\r\nhello\r\n.\r\n");
	say(fd, "250 kept\r\n");
	expect_outcome("bbbbbbbbbbbb", 1, 0);
	expect_rest(d, REST_EMPTY);
	expect_rest(e, REST_EMPTY);
	close(fd);
}

static void test_recipients_have_results_of_their_own(void **state)
{
	(void)state;
	struct message_queue_recipient three[] = {
	    {.number = 0, .address = VIEW("a@example.net")},
	    {.number = 4, .address = VIEW("b@example.net"), .notify = NOTIFY_SUCCESS | NOTIFY_DELAY, .orcpt = VIEW("rfc822;b@example.org")},
	    {.number = 7, .address = VIEW("c@example.net")},
	};
	static const char *const ids[] = {"aaaaaaaaaaaa"};
	uint64_t d = offer("example.net");
	int fd = take_connection();
	greet(fd);
	expect_take(d);
	give(d, ids[0], body, three, 3);
	taken(d, 1);
	hear(fd, "MAIL FROM:<alice@example.test>\r\nRCPT TO:<a@example.net>\r\n"
		 "RCPT TO:<b@example.net> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;b@example.org\r\nRCPT TO:<c@example.net>\r\nDATA\r\n");
	say(fd, "250 ok\r\n250 ok\r\n550 5.1.1 nobody\r\n451 4.7.1 greylisted\r\n354 go\r\n");
	hear(fd, "Subject: x\r\n\r\nhello\r\n.\r\n");
	say(fd, "250 2.0.0 kept\r\n");
	struct message_queue_outcome m;
	expect(store, MESSAGE_QUEUE_OUTCOME, &m);
	keep();
	const struct message_queue_result *r = m.results.items;
	assert_int_equal(m.results.count, 3);
	assert_int_equal(r[0].verdict, QUEUE_RELAYED);
	assert_int_equal(r[1].verdict, QUEUE_FAILED);
	assert_int_equal(r[1].recipient, 4);
	assert_view(r[1].status, "5.1.1");
	assert_view(r[1].reply, "550 5.1.1 nobody");
	assert_view(r[1].stage, "RCPT");
	assert_int_equal(r[2].verdict, QUEUE_DEFERRED);
	assert_int_equal(r[2].recipient, 7);
	expect_rest(d, REST_EMPTY);
	close(fd);
}

/* RFC 5321 section 4.5.3.1.10: 552 as well says only that they are too many at once; the rest comes in the next transaction. */
static void test_too_many_recipients_come_again(void **state)
{
	static const struct {
		const char *reply;
		uint64_t verdict;
		const char *status;
	} alone[] = {{"552 no", QUEUE_DEFERRED, "4.5.3"}, {"552 Too many recipients", QUEUE_DEFERRED, "4.5.3"},
	    {"552 5.5.3 no", QUEUE_DEFERRED, "4.5.3"}, {"552 5.0.0 too many recipients", QUEUE_DEFERRED, "4.5.3"},
	    {"452 no", QUEUE_DEFERRED, "4.5.3"}, {"452 4.2.2 full", QUEUE_DEFERRED, "4.2.2"}, {"552 Mailbox full", QUEUE_FAILED, "5.0.0"},
	    {"552 5.2.2 full", QUEUE_FAILED, "5.2.2"}, {"552 Message size exceeds fixed limit", QUEUE_FAILED, "5.0.0"}};
	enum { ALONE = sizeof alone / sizeof alone[0] };
	struct message_queue_recipient three[] = {{.number = 0, .address = VIEW("a@example.net")},
	    {.number = 1, .address = VIEW("b@example.net")},
	    {.number = 2, .address = VIEW("c@example.net")}};
	struct message_queue_outcome m;
	char text[200];
	(void)state;
	uint64_t d = offer("example.net");
	int fd = take_connection();
	greet(fd);
	expect_take(d);
	give(d, "aaaaaaaaaaaa", body, three, 3);
	taken(d, 1);
	hear(fd, "MAIL FROM:<alice@example.test>\r\nRCPT TO:<a@example.net>\r\nRCPT TO:<b@example.net>\r\n"
		 "RCPT TO:<c@example.net>\r\nDATA\r\n");
	say(fd, "250 ok\r\n250 ok\r\n552 Too many recipients\r\n552 no\r\n354 go\r\n");
	hear(fd, "Subject: x\r\n\r\nhello\r\n.\r\n");
	say(fd, "250 2.0.0 kept\r\n");
	hear(fd, "MAIL FROM:<alice@example.test>\r\nRCPT TO:<b@example.net>\r\nRCPT TO:<c@example.net>\r\nDATA\r\n");
	say(fd, "250 ok\r\n250 ok\r\n552 no\r\n354 go\r\n");
	hear(fd, "Subject: x\r\n\r\nhello\r\n.\r\n");
	say(fd, "250 2.0.0 kept\r\n");
	/* The last one is alone now: what it hears is its own, and no refusal for good. */
	hear(fd, "MAIL FROM:<alice@example.test>\r\nRCPT TO:<c@example.net>\r\nDATA\r\n");
	say(fd, "250 ok\r\n552 no\r\n503 no\r\n");
	expect(store, MESSAGE_QUEUE_OUTCOME, &m);
	keep();
	const struct message_queue_result *r = m.results.items;
	assert_int_equal(m.results.count, 3);
	assert_int_equal(r[0].verdict, QUEUE_RELAYED);
	assert_int_equal(r[1].verdict, QUEUE_RELAYED);
	assert_int_equal(r[2].verdict, QUEUE_DEFERRED);
	assert_view(r[2].status, "4.5.3");
	assert_view(r[2].reply, "552 no");
	assert_int_equal(r[2].cause, TROUBLE_NONE);
	for (size_t i = 0; i < ALONE; i++) {
		give_one(d, "bbbbbbbbbbbb", body);
		hear(fd, "RSET\r\nMAIL FROM:<alice@example.test>\r\nRCPT TO:<bob@example.net>\r\nDATA\r\n");
		snprintf(text, sizeof text, "250 ok\r\n250 ok\r\n%s\r\n503 no\r\n", alone[i].reply);
		say(fd, text);
		struct message_queue_result one = expect_outcome("bbbbbbbbbbbb", 1, 0);
		assert_int_equal(one.verdict, alone[i].verdict);
		assert_view(one.status, alone[i].status);
		assert_view(one.reply, alone[i].reply);
	}
	close(fd);
}

static void test_a_host_that_is_not_there(void **state)
{
	(void)state;
	close(listener);
	listener = -1;
	uint64_t d = offer("example.net");
	struct message_queue_rest rest = expect_rest(d, REST_FAILED);
	assert_true(view_starts(rest.text, VIEW("4.4.1 no connection to 127.0.0.1:")));
	assert_int_equal(rest.cause, TROUBLE_REFUSED);
	assert_string_equal(rest_stage, "connect");
	/* It is remembered: the next one hears the same at once, without another attempt. */
	d = offer("example.org");
	expect_rest(d, REST_FAILED);
}

static void test_a_host_that_refuses_to_talk(void **state)
{
	(void)state;
	uint64_t d = offer("example.net");
	int fd = take_connection();
	say(fd, "554 5.7.1 go away\r\n");
	struct message_queue_rest rest = expect_rest(d, REST_FAILED);
	/* Its own words, as it said them. */
	assert_view(rest.text, "4.7.1 554 5.7.1 go away");
	assert_int_equal(rest.cause, TROUBLE_NONE);
	assert_string_equal(rest_stage, "greeting");
	close(fd);
}

/* What a host does not announce is not tried: no MAIL is said, and what is decided here are no words of the host. */
static void test_what_is_decided_here_is_no_reply(void **state)
{
	static const struct {
		const char *id, *status;
		enum trouble cause;
	} expected[] = {{"aaaaaaaaaaaa", "5.3.4", TROUBLE_TOO_LARGE},
	    {"bbbbbbbbbbbb", "5.6.7", TROUBLE_NO_SMTPUTF8},
	    {"cccccccccccc", "5.7.10", TROUBLE_REQUIRETLS},
	    {"dddddddddddd", "5.4.7", TROUBLE_NO_DELIVERBY},
	    {"eeeeeeeeeeee", "5.6.7", TROUBLE_UNWRITABLE}};
	struct message_queue_recipient bob = {.address = VIEW("bob@example.net")};
	struct message_queue_recipient odd = {.address = VIEW("b\x01" "b@example.net")};
	(void)state;
	uint64_t d = offer("example.net");
	int fd = take_connection();
	say(fd, "220 host.example.net ESMTP\r\n");
	hear(fd, "EHLO relay.example.test\r\n");
	say(fd, "250-host.example.net\r\n250 SIZE 100\r\n");
	expect_take(d);
	for (size_t i = 0; i < 5; i++) {
		struct message_queue_message m = {.number = d,
		    .id = view_from_string(expected[i].id),
		    .sender = VIEW("alice@example.test"),
		    .size = i == 0 ? 101 : strlen(body),
		    .utf8 = i == 1,
		    .require_tls = i == 2,
		    .by_time = i == 3 ? (uint64_t)time(NULL) + 1000 : 0,
		    .by_mode = i == 3 ? 'R' : 0,
		    .priority = 9,
		    .recipients = {.items = i == 4 ? &odd : &bob, .count = 1},
		    .bytes = i == 0 ? (struct view){0} : view_from_string(body)};
		tell(store, MESSAGE_QUEUE_MESSAGE, &m, -1);
	}
	taken(d, 5);
	for (size_t i = 0; i < 5; i++) {
		struct message_queue_result r = expect_outcome(expected[i].id, 1, 0);
		assert_int_equal(r.verdict, QUEUE_FAILED);
		assert_int_equal(r.cause, expected[i].cause);
		assert_view(r.status, expected[i].status);
		assert_view(r.stage, "EHLO");
		assert_false(view_starts(r.reply, VIEW("5")));
	}
	/* Nothing was said to the host. */
	expect_rest(d, REST_EMPTY);
	assert_int_equal(poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 0), 0);
	close(fd);
}

static void take_message(int fd, const char *mail)
{
	hear(fd, mail);
	say(fd, "250 ok\r\n");
	hear(fd, "RCPT TO:<bob@example.net>\r\n");
	say(fd, "250 ok\r\n");
	hear(fd, "DATA\r\n");
	say(fd, "354 go\r\n");
	hear(fd, "Subject: x\r\n\r\nhello\r\n.\r\n");
	say(fd, "250 2.0.0 kept\r\n");
}

/* What was said when the message came is said to the next host, and nothing else. */
static void test_terms_keep_their_value(void **state)
{
	struct message_queue_recipient bob = {.address = VIEW("bob@example.net")};
	static const char *const ids[] = {"aaaaaaaaaaaa", "bbbbbbbbbbbb", "cccccccccccc", "dddddddddddd", "eeeeeeeeeeee"};
	static const char *const mail[] = {"MAIL FROM:<alice@example.test> MT-PRIORITY=0\r\n", "MAIL FROM:<alice@example.test>\r\n",
	    "MAIL FROM:<alice@example.test> RET=HDRS ENVID=x MT-PRIORITY=-5\r\n", "MAIL FROM:<>\r\n", NULL};
	(void)state;
	uint64_t d = offer("example.net");
	int fd = take_connection();
	say(fd, "220 host.example.net ESMTP\r\n");
	hear(fd, "EHLO relay.example.test\r\n");
	say(fd, "250-host.example.net\r\n250-MT-PRIORITY\r\n250-DELIVERBY\r\n250 DSN\r\n");
	expect_take(d);
	for (size_t i = 0; i < 5; i++) {
		struct message_queue_message m = {.number = d,
		    .id = view_from_string(ids[i]),
		    .sender = i == 3 ? VIEW("") : VIEW("alice@example.test"),
		    .size = strlen(body),
		    .priority = i == 2 ? 4 : 9,
		    .priority_given = i == 0 || i == 2,
		    .ret = i == 2 ? 2 : 0,
		    .envid = i == 2 ? VIEW("x") : VIEW(""),
		    .require_tls = i == 3, /* a report: better in clear than not at all (RFC 8689 section 5) */
		    .by_time = i == 4 ? (uint64_t)time(NULL) : 0, /* this very moment is over, and no time at all is another thing */
		    .by_mode = i == 4 ? 'R' : 0,
		    .recipients = {.items = &bob, .count = 1},
		    .bytes = view_from_string(body)};
		tell(store, MESSAGE_QUEUE_MESSAGE, &m, -1);
	}
	taken(d, 5);
	for (size_t i = 0; i < 4; i++) {
		take_message(fd, mail[i]);
		assert_int_equal(expect_outcome(ids[i], 1, 0).verdict, QUEUE_RELAYED);
	}
	struct message_queue_result r = expect_outcome(ids[4], 1, 0);
	assert_int_equal(r.verdict, QUEUE_FAILED);
	assert_int_equal(r.cause, TROUBLE_NO_DELIVERBY);
	close(fd);
}

static void test_lost_before_the_end_goes_back(void **state)
{
	(void)state;
	uint64_t d = offer("example.net");
	int fd = take_connection();
	greet(fd);
	expect_take(d);
	give_one(d, "aaaaaaaaaaaa", body);
	taken(d, 1);
	hear(fd, "MAIL FROM:<alice@example.test>\r\nRCPT TO:<bob@example.net>\r\nDATA\r\n");
	close(fd);
	/* No outcome: the message goes back as it was. */
	expect_rest(d, REST_FAILED);
}

static void test_lost_after_the_end_may_have_been_delivered(void **state)
{
	(void)state;
	uint64_t d = offer("example.net");
	int fd = take_connection();
	greet(fd);
	expect_take(d);
	give_one(d, "aaaaaaaaaaaa", body);
	taken(d, 1);
	hear(fd, "MAIL FROM:<alice@example.test>\r\nRCPT TO:<bob@example.net>\r\nDATA\r\n");
	say(fd, "250 ok\r\n250 ok\r\n354 go\r\n");
	hear(fd, "Subject: x\r\n\r\nhello\r\n.\r\n");
	close(fd);
	struct message_queue_result r = expect_outcome("aaaaaaaaaaaa", 1, 0);
	assert_int_equal(r.verdict, QUEUE_DEFERRED);
	assert_non_null(strstr(r.reply.data, "may have been delivered"));
	assert_int_equal(r.cause, TROUBLE_LOST);
	assert_view(r.stage, "end of data");
}

static void test_a_large_body_is_read_in_pieces(void **state)
{
	(void)state;
	enum { LINES = 3000 };
	static char large[LINES * 50 + 1];
	struct message_queue_recipient bob = {.address = VIEW("bob@example.net")};
	for (size_t i = 0; i < LINES; i++)
		snprintf(large + i * 50, 51, "%047zu.\r\n", i);
	uint64_t d = offer("example.net");
	int fd = take_connection();
	greet(fd);
	expect_take(d);
	struct message_queue_message m = {.number = d,
	    .id = VIEW("aaaaaaaaaaaa"),
	    .sender = VIEW(""),
	    .size = LINES * 50,
	    .priority = 9,
	    .recipients = {.items = &bob, .count = 1},
	    .bytes = view_of(large, 1000)};
	tell(store, MESSAGE_QUEUE_MESSAGE, &m, -1);
	taken(d, 1);
	hear(fd, "MAIL FROM:<>\r\nRCPT TO:<bob@example.net>\r\nDATA\r\n");
	say(fd, "250 ok\r\n250 ok\r\n354 go\r\n");
	for (uint64_t have = 1000; have < LINES * 50;) {
		struct message_queue_read read;
		expect(store, MESSAGE_QUEUE_READ, &read);
		assert_int_equal(read.offset, have);
		struct message_queue_data data = {.bytes = view_of(large + read.offset, read.length)};
		assert_int_equal(ipc_send_blocking(store, MESSAGE_QUEUE_DATA, last_request, &data, -1), 0);
		hear(fd, view_string(large + have - (have == 1000 ? 1000 : 0), read.length + (have == 1000 ? 1000 : 0)));
		have += read.length;
	}
	hear(fd, ".\r\n");
	say(fd, "250 kept\r\n");
	expect_outcome("aaaaaaaaaaaa", 1, 0);
}

/* Store dies before it has confirmed: the next one is told before it gets any credit. */
static void test_an_outcome_outlives_store(void **state)
{
	(void)state;
	struct message_queue_outcome m;
	struct message_queue_ready ready;
	uint64_t d = offer("example.net");
	int fd = take_connection();
	greet(fd);
	expect_take(d);
	give_one(d, "aaaaaaaaaaaa", body);
	taken(d, 1);
	hear(fd, "MAIL FROM:<alice@example.test>\r\nRCPT TO:<bob@example.net>\r\nDATA\r\n");
	say(fd, "250 ok\r\n250 ok\r\n354 go\r\n");
	hear(fd, "Subject: x\r\n\r\nhello\r\n.\r\n");
	say(fd, "250 kept\r\n");
	expect(store, MESSAGE_QUEUE_OUTCOME, &m);
	close(store);
	store = introduce(ROLE_STORE);
	expect(store, MESSAGE_QUEUE_OUTCOME, &m);
	assert_view(m.id, "aaaaaaaaaaaa");
	keep();
	expect(store, MESSAGE_QUEUE_READY, &ready);
	assert_true(ready.destinations > 100);
	close(fd);
}

/* A host without 8BITMIME gets the message in 7 bits, with what was kept of its structure to know how. */
static void test_a_body_is_converted(void **state)
{
	(void)state;
	static const char eight[] = "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGr\xc3\xbc\xc3\x9f"
				    "e, und noch viel mehr Text in dieser Zeile\r\n";
	struct message_queue_recipient bob = {.address = VIEW("bob@example.net")};
	struct buf structure, trailer;
	struct mime_parser *parser = mime_parser_new();
	mime_parser_feed(parser, VIEW(eight));
	buf_init(&structure, 100000);
	buf_init(&trailer, 100000);
	assert_int_equal(mime_tree_encode(mime_parser_end(parser), &structure), 0);
	assert_int_equal(trailer_append(&trailer, TRAILER_STRUCTURE, buf_view(&structure)), 0);
	mime_parser_free(parser);
	uint64_t d = offer("example.net");
	int fd = take_connection();
	say(fd, "220 host.example.net ESMTP\r\n");
	hear(fd, "EHLO relay.example.test\r\n");
	say(fd, "250-host.example.net\r\n250 PIPELINING\r\n");
	expect_take(d);
	struct message_queue_message m = {.number = d,
	    .id = VIEW("aaaaaaaaaaaa"),
	    .sender = VIEW("alice@example.test"),
	    .size = sizeof eight - 1,
	    .body = SMTP_8BITMIME,
	    .trailer = buf_view(&trailer).len,
	    .priority = 9,
	    .recipients = {.items = &bob, .count = 1},
	    .bytes = VIEW(eight)};
	tell(store, MESSAGE_QUEUE_MESSAGE, &m, -1);
	taken(d, 1);
	struct message_queue_read read;
	expect(store, MESSAGE_QUEUE_READ, &read);
	assert_int_equal(read.offset, sizeof eight - 1);
	assert_int_equal(read.length, buf_view(&trailer).len);
	struct message_queue_data data = {.bytes = buf_view(&trailer)};
	assert_int_equal(ipc_send_blocking(store, MESSAGE_QUEUE_DATA, last_request, &data, -1), 0);
	hear(fd, "MAIL FROM:<alice@example.test>\r\nRCPT TO:<bob@example.net>\r\nDATA\r\n");
	say(fd, "250 ok\r\n250 ok\r\n354 go\r\n");
	hear(fd, "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
		 "Gr=C3=BC=C3=9Fe, und noch viel mehr Text in dieser Zeile\r\n.\r\n");
	say(fd, "250 kept\r\n");
	struct message_queue_result r = expect_outcome("aaaaaaaaaaaa", 1, 0);
	assert_int_equal(r.verdict, QUEUE_PASSED_ON);
	close(fd);
	buf_done(&structure);
	buf_done(&trailer);
}

/* Store dies while the host thinks: what the next one gives out again is not sent twice, and its outcome told as the next one's. */
static void test_a_message_on_a_connection_is_not_sent_twice(void **state)
{
	(void)state;
	struct message_queue_outcome m;
	struct message_queue_ready ready;
	uint64_t d = offer("example.net");
	int fd = take_connection();
	greet(fd);
	expect_take(d);
	give_one(d, "aaaaaaaaaaaa", body);
	taken(d, 1);
	hear(fd, "MAIL FROM:<alice@example.test>\r\nRCPT TO:<bob@example.net>\r\nDATA\r\n");
	say(fd, "250 ok\r\n250 ok\r\n354 go\r\n");
	hear(fd, "Subject: x\r\n\r\nhello\r\n.\r\n");
	close(store);
	store = introduce(ROLE_STORE);
	expect(store, MESSAGE_QUEUE_READY, &ready);
	uint64_t again = offer("example.net");
	int second = take_connection();
	greet(second);
	expect_take(again);
	give_one(again, "aaaaaaaaaaaa", body);
	taken(again, 1);
	say(fd, "250 kept\r\n");
	expect(store, MESSAGE_QUEUE_OUTCOME, &m);
	keep();
	assert_view(m.id, "aaaaaaaaaaaa");
	assert_int_equal(m.number, again);
	expect_rest(again, REST_EMPTY);
	close(fd);
	hear(second, "QUIT\r\n");
	close(second);
}

static void test_lmtp(void **state)
{
	(void)state;
	struct message_queue_recipient two[] = {{.number = 0, .address = VIEW("a@lists.example")}, {.number = 1, .address = VIEW("b@lists.example")}};
	uint64_t d = offer("lists.example");
	int fd = take_connection();
	say(fd, "220 host.example.net LMTP\r\n");
	hear(fd, "LHLO relay.example.test\r\n");
	say(fd, "250-host.example.net\r\n250 PIPELINING\r\n");
	expect_take(d);
	give(d, "aaaaaaaaaaaa", body, two, 2);
	taken(d, 1);
	hear(fd, "MAIL FROM:<alice@example.test>\r\nRCPT TO:<a@lists.example>\r\nRCPT TO:<b@lists.example>\r\nDATA\r\n");
	say(fd, "250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n");
	hear(fd, "Subject: x\r\n\r\nhello\r\n.\r\n");
	say(fd, "250 2.0.0 kept\r\n452 4.2.2 full\r\n");
	struct message_queue_outcome m;
	expect(store, MESSAGE_QUEUE_OUTCOME, &m);
	keep();
	const struct message_queue_result *r = m.results.items;
	assert_int_equal(r[0].verdict, QUEUE_DELIVERED);
	assert_int_equal(r[1].verdict, QUEUE_DEFERRED);
	expect_rest(d, REST_EMPTY);
	close(fd);
}

static void test_lmtp_by_a_socket(void **state)
{
	(void)state;
	uint64_t d = offer("near.example");
	int fd = take_connection_of(near_listener);
	say(fd, "220 host.example.net LMTP\r\n");
	hear(fd, "LHLO relay.example.test\r\n");
	say(fd, "250-host.example.net\r\n250 PIPELINING\r\n");
	expect_take(d);
	taken(d, 0);
	close(fd);
	expect_rest(d, REST_EMPTY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_a_body_is_converted, start, stop),
	    cmocka_unit_test_setup_teardown(test_a_message_goes_out, start, stop),
	    cmocka_unit_test_setup_teardown(test_a_connection_serves_several_messages_and_destinations, start, stop),
	    cmocka_unit_test_setup_teardown(test_recipients_have_results_of_their_own, start, stop),
	    cmocka_unit_test_setup_teardown(test_too_many_recipients_come_again, start, stop),
	    cmocka_unit_test_setup_teardown(test_a_host_that_is_not_there, start, stop),
	    cmocka_unit_test_setup_teardown(test_a_host_that_refuses_to_talk, start, stop),
	    cmocka_unit_test_setup_teardown(test_what_is_decided_here_is_no_reply, start, stop),
	    cmocka_unit_test_setup_teardown(test_terms_keep_their_value, start, stop),
	    cmocka_unit_test_setup_teardown(test_lost_before_the_end_goes_back, start, stop),
	    cmocka_unit_test_setup_teardown(test_lost_after_the_end_may_have_been_delivered, start, stop),
	    cmocka_unit_test_setup_teardown(test_a_large_body_is_read_in_pieces, start, stop),
	    cmocka_unit_test_setup_teardown(test_an_outcome_outlives_store, start, stop),
	    cmocka_unit_test_setup_teardown(test_a_message_on_a_connection_is_not_sent_twice, start, stop),
	    cmocka_unit_test_setup_teardown(test_lmtp, start, stop),
	    cmocka_unit_test_setup_teardown(test_lmtp_by_a_socket, start, stop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
