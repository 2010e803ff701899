/* See relay_world.h. */
#include "relay_world.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "io/tls.h"
#include "role/relay/relay_place.h"

enum { PATIENCE = TEST_PATIENCE_MS /* turns of a millisecond */ };

struct relay_world relay_world;

static struct channel store;
static struct arena arena;

/* ---- store ---- */

static void take_outcome(const struct message_queue_outcome *m)
{
	const struct message_queue_result *r = m->results.items;
	relay_world.outcomes++;
	relay_world.result = *r;
	snprintf(relay_world.words, sizeof relay_world.words, "%.*s %.*s", VIEW_FMT(r->status),
	    VIEW_FMT(r->reply));
	snprintf(relay_world.host, sizeof relay_world.host, "%.*s", VIEW_FMT(m->host));
}

static void store_received(void *arg, struct channel_frame *frame)
{
	union {
		struct message_queue_outcome outcome;
		struct message_queue_take take;
		struct message_queue_rest rest;
		struct message_queue_ready ready;
		struct message_queue_step step;
	} m;
	(void)arg;
	arena_reset(&arena);
	assert_int_equal(ipc_decode(frame, &m, &arena), 0);
	if (frame->type == MESSAGE_QUEUE_OUTCOME) {
		take_outcome(&m.outcome);
		ipc_send(&store, MESSAGE_QUEUE_KEPT, frame->request, &(struct message_result){0}, -1);
	} else if (frame->type == MESSAGE_QUEUE_TAKE) {
		relay_world.takes++;
	} else if (frame->type == MESSAGE_QUEUE_REST) {
		relay_world.rests++;
		relay_world.rest_number = m.rest.number;
		relay_world.rest_how = m.rest.how;
		relay_world.rest_seconds = m.rest.seconds;
		snprintf(relay_world.words, sizeof relay_world.words, "%.*s %.*s", VIEW_FMT(m.rest.status),
		    VIEW_FMT(m.rest.text));
	}
}

static void store_closed(void *arg)
{
	(void)arg;
	fail();
}

void relay_world_tell(enum messages_queue type, const void *m)
{
	assert_int_equal(ipc_send(&store, type, 0, m, -1), 0);
}

/* ---- the beginning and the end ---- */

static int bind_on_loopback(int port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof address;
	int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	relay_world.port = ntohs(address.sin_port);
	return fd;
}

static void listen_on_loopback(void)
{
	relay_world.listener = bind_on_loopback(relay_world.port);
	assert_int_equal(listen(relay_world.listener, 32), 0);
}

int relay_world_start(void **state)
{
	static const struct role_hears hears[] = {{ROLE_STORE, relay_queue_verbs}, {0}};
	static const struct role_functions functions = {.hears = hears};
	static const struct role role = {.name = "relay", .bit = ROLE_RELAY, .functions = &functions};
	struct role_process *p = &relay_world.process;
	int pair[2];
	(void)state;
	relay_world = (struct relay_world){.process.role = &role};
	relay_role = (struct relay_role){.process = p, .descriptors = 10000};
	log_open(-1, "test", LOG_ERROR);
	loop_init(&p->loop);
	settings_init(&p->settings);
	p->settings.hostname = VIEW("relay.example.test");
	arena_init(&arena, 1 << 20);
	relay_world.port = 0;
	relay_world.holder = bind_on_loopback(0);
	listen_on_loopback();
	relay_places_configure();
	relay_queue_init(NULL);
	calls_init(&relay_role.dns);
	calls_init(&relay_role.keys);
	relay_role.tls = tls_client_new((struct view){0});
	assert_int_equal(channel_pair(pair), 0);
	relay_queue_link(pair[0]);
	channel_init(&store, &p->loop, pair[1], store_received, store_closed, NULL);
	return 0;
}

int relay_world_stop(void **state)
{
	(void)state;
	relay_queue_forget();
	for (int i = 0; i < 5; i++)
		relay_world_turn();
	relay_role.draining = false;
	assert_int_equal(relay_role.under_way, 0);
	assert_int_equal(relay_role.bodies, 0);
	assert_int_equal(relay_shares.all.count, 0);
	calls_close(&relay_role.store);
	calls_close(&relay_role.dns);
	calls_close(&relay_role.keys);
	channel_done(&store);
	tls_context_unref(relay_role.tls);
	if (relay_world.listener >= 0)
		close(relay_world.listener);
	close(relay_world.holder);
	relay_places_forget();
	arena_done(&arena);
	settings_done(&relay_world.process.settings);
	loop_done(&relay_world.process.loop);
	return 0;
}

void relay_world_turn(void)
{
	loop_turn(&relay_world.process.loop);
	usleep(1000);
	loop_turn(&relay_world.process.loop);
}

void relay_world_until(const unsigned *counter, unsigned n)
{
	for (int i = 0; *counter < n; i++) {
		if (i == PATIENCE)
			fail_msg("%u instead of %u", *counter, n);
		relay_world_turn();
	}
}

/* ---- what is sent ---- */

struct relay_endpoint *relay_world_endpoint(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	    .sin_port = htons((uint16_t)relay_world.port)};
	struct relay_endpoint *e = mem_alloc(sizeof *e);
	*e = (struct relay_endpoint){.name = mem_string(VIEW("host.example.net")),
	    .kind = ROUTE_SMTP,
	    .tls = SMTP_CLIENT_TLS_IF_OFFERED,
	    .address_len = sizeof address,
	    .folder = -1};
	memcpy(&e->address, &address, sizeof address);
	snprintf(e->text, sizeof e->text, "127.0.0.1:%d", relay_world.port);
	return e;
}

struct message_queue_message relay_world_message(uint64_t number, const char *id, const char *sender)
{
	static struct message_queue_recipient bob = {.address = {"bob@example.net", 15}};
	return (struct message_queue_message){.number = number,
	    .id = view_from_string(id),
	    .terms.sender = view_from_string(sender),
	    .size = 3,
	    .recipients = {.items = &bob, .count = 1},
	    .bytes = VIEW("x\r\n")};
}

/* ---- the other host ---- */

bool relay_world_is_called(void)
{
	struct pollfd p = {.fd = relay_world.listener, .events = POLLIN};
	return poll(&p, 1, 0) == 1;
}

int relay_world_accept(void)
{
	for (int i = 0; !relay_world_is_called(); i++) {
		assert_int_not_equal(i, PATIENCE);
		relay_world_turn();
	}
	return accept(relay_world.listener, NULL, NULL);
}

void relay_world_say(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

/* Exactly this; "" is the end of the connection. */
void relay_world_hear(int fd, const char *text)
{
	char got[2000];
	size_t n = 0, len = strlen(text);
	for (int i = 0; n < len || len == 0; i++) {
		ssize_t more = recv(fd, got + n, len ? len - n : 1, MSG_DONTWAIT);
		if (more == 0 && len == 0)
			return;
		if (more == 0 || i == PATIENCE || (more > 0 && len == 0))
			fail_msg("\"%.*s\" instead of \"%s\"", (int)n, got, text);
		if (more > 0)
			n += (size_t)more;
		else
			relay_world_turn();
	}
	got[n] = '\0';
	assert_string_equal(got, text);
}

void relay_world_greet(int fd)
{
	relay_world_say(fd, "220 host.example.net ESMTP\r\n");
	relay_world_hear(fd, "EHLO relay.example.test\r\n");
	relay_world_say(fd, "250-host.example.net\r\n250-PIPELINING\r\n250 DSN\r\n");
}

void relay_world_receive(int fd, const char *sender, const char *last_reply)
{
	char text[200];
	snprintf(text, sizeof text, "MAIL FROM:<%s>\r\nRCPT TO:<bob@example.net>\r\nDATA\r\n", sender);
	relay_world_hear(fd, text);
	relay_world_say(fd, "250 ok\r\n250 ok\r\n354 go\r\n");
	relay_world_hear(fd, "x\r\n.\r\n");
	relay_world_say(fd, last_reply);
}

void relay_world_refuse(void)
{
	close(relay_world.listener);
	relay_world.listener = -1;
}

void relay_world_return(void)
{
	listen_on_loopback();
}
