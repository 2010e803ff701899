/* Store and the other host, as the relay role meets them: relay_support.h. */
#include "relay_support.h"

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "master/roles.h"

enum { PATIENCE_MS = TEST_PATIENCE_MS };

static pid_t role;
int control, store, listener, port, destinations;
int near_listener;
static char folder[40];
uint32_t last_request;
static struct buf in;
struct arena arena;

/* ---- store ---- */

void tell(int fd, unsigned type, const void *message, int pass)
{
	assert_int_equal(ipc_send_blocking(fd, type, 0, message, pass), 0);
	if (pass >= 0)
		close(pass);
}

/* Relay knew nothing before, and what it learns is kept; in between, whatever else is said. */
static bool take_memo(int fd, const struct channel_frame *frame)
{
	if (frame->type == MESSAGE_MEMO_LIST)
		return ipc_send_blocking(fd, MESSAGE_MEMOS, frame->request, &(struct message_memos){0}, -1) ==
		       0;
	if (frame->type == MESSAGE_MEMO_SET)
		return ipc_send_blocking(
		           fd, MESSAGE_MEMO_KEPT, frame->request, &(struct message_result){0}, -1) == 0;
	return frame->type == MESSAGE_QUEUE_STEP; /* what is being done is for those who ask */
}

void expect(int fd, unsigned type, void *message)
{
	struct channel_frame frame;
	arena_reset(&arena);
	do
		assert_int_equal(channel_receive_blocking(fd, &in, &frame, PATIENCE_MS), 0);
	while (take_memo(fd, &frame));
	assert_string_equal(ipc_name(frame.type), ipc_name(type));
	last_request = frame.request;
	assert_int_equal(ipc_decode_as(&frame, NULL, SIZE_MAX, message, &arena), 0);
}

int introduce(enum role_bit peer)
{
	int pair[2];
	static uint64_t number;
	struct message_peer m = {.role = peer, .number = ++number};
	assert_int_equal(channel_pair(pair), 0);
	tell(control, MESSAGE_PEER, &m, pair[0]);
	return pair[1];
}

/* Its days pass in seconds: a destination without mail is given back at once, not after two seconds. */
static void simulate_clock(void)
{
	char name[] = "/tmp/relay-clock-XXXXXX";
	int fd = mkstemp(name);
	int64_t ahead = 0;
	if (fd < 0 || write(fd, &ahead, sizeof ahead) != sizeof ahead || clock_simulate(name) != 0)
		_exit(98);
	unlink(name);
	close(fd);
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
		simulate_clock();
		if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0)
			_exit(99);
		_exit(role_run(role_by_name("relay"), pair[1]));
	}
	close(pair[1]);
	control = pair[0];
	settings_init(&settings);
	buf_init(&problem, 4096);
	snprintf(
	    text, sizeof text, "routes = {%s}\nlog_level = 3\nhostname = \"relay.example.test\"\n", routes);
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

int start(void **state)
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
	snprintf(routes, sizeof routes,
	    "\"* smtp:127.0.0.1:%d\", \"lists.example lmtp:127.0.0.1:%d\", \"near.example lmtp:%s/s\"", port,
	    port, folder);
	start_role(routes);
	return 0;
}

void drain(void)
{
	close(control);
	control = -1;
}

int stop(void **state)
{
	int status = 0;
	(void)state;
	if (control >= 0)
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

uint64_t offer(const char *name)
{
	struct message_queue_destination m = {
	    .number = (uint64_t)++destinations, .name = view_from_string(name)};
	tell(store, MESSAGE_QUEUE_DESTINATION, &m, -1);
	return m.number;
}

void give(uint64_t destination, const char *id, const char *body, struct message_queue_recipient *recipients,
    size_t count)
{
	struct message_queue_message m = {.number = destination,
	    .id = view_from_string(id),
	    .terms.sender = VIEW("alice@example.test"),
	    .size = strlen(body),
	    .recipients = {.items = recipients, .count = count},
	    .bytes = view_from_string(body)};
	tell(store, MESSAGE_QUEUE_MESSAGE, &m, -1);
}

void give_one(uint64_t destination, const char *id, const char *body)
{
	struct message_queue_recipient bob = {.address = VIEW("bob@example.net")};
	give(destination, id, body, &bob, 1);
}

void taken(uint64_t destination, uint64_t count)
{
	struct message_queue_taken m = {.number = destination, .count = count};
	tell(store, MESSAGE_QUEUE_TAKEN, &m, -1);
}

void expect_take(uint64_t destination)
{
	struct message_queue_take m;
	expect(store, MESSAGE_QUEUE_TAKE, &m);
	assert_int_equal(m.number, destination);
	assert_true(m.messages > 0);
}

void keep(void)
{
	struct message_result good = {.error = 0};
	assert_int_equal(ipc_send_blocking(store, MESSAGE_QUEUE_KEPT, last_request, &good, -1), 0);
}

struct message_queue_result expect_outcome(const char *id, size_t count, size_t index)
{
	static struct message_queue_outcome m;
	expect(store, MESSAGE_QUEUE_OUTCOME, &m);
	keep();
	assert_view(m.id, id);
	assert_int_equal(m.results.count, count);
	return ((struct message_queue_result *)m.results.items)[index];
}

char rest_stage[40];

struct message_queue_rest expect_rest(uint64_t destination, enum queue_rest how)
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

int take_connection_of(int from)
{
	struct pollfd p = {.fd = from, .events = POLLIN};
	assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
	return accept(from, NULL, NULL);
}

int take_connection(void)
{
	return take_connection_of(listener);
}

void say(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

/* Reads exactly this. */
void hear(int fd, const char *text)
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

const char *view_string(const char *data, size_t len)
{
	static char text[70000];
	assert_true(len < sizeof text);
	memcpy(text, data, len);
	text[len] = '\0';
	return text;
}

void greet(int fd)
{
	say(fd, "220 host.example.net ESMTP\r\n");
	hear(fd, "EHLO relay.example.test\r\n");
	say(fd, "250-host.example.net\r\n250-PIPELINING\r\n250-DSN\r\n250 8BITMIME\r\n");
}

void expect_closed(int fd)
{
	char c;
	struct pollfd p = {.fd = fd, .events = POLLIN};
	assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
	assert_int_equal(read(fd, &c, 1), 0);
	close(fd);
}
