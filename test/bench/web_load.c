/*
 * Clients of the web role, to be measured (scripts/bench):
 *   web_load push PORT CONNECTIONS events|socket < CREDENTIALS   connections that listen, until standard
 * input ends; each line that comes is "tell": what was heard since the last one is counted, and the slowest
 * told CREDENTIALS: lines "USER PASSWORD", one for each account, used in turn; an empty line ends them.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ACCOUNTS_MAX = 20000, LINE_MAX_OCTETS = 512, EVENTS_AT_ONCE = 256 };

struct connection {
	SSL *ssl;
	int fd;
};

static char *credentials[ACCOUNTS_MAX];
static size_t account_count;

static void fail(const char *what)
{
	fprintf(stderr, "web_load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* "USER PASSWORD" as Basic has it. */
static void read_credentials(void)
{
	char line[LINE_MAX_OCTETS], encoded[2 * LINE_MAX_OCTETS];
	while (account_count < ACCOUNTS_MAX && fgets(line, sizeof line, stdin) && line[0] != '\n') {
		char *space = strchr(line, ' ');
		if (space == NULL)
			continue;
		*space = ':';
		line[strcspn(line, "\n")] = '\0';
		EVP_EncodeBlock((unsigned char *)encoded, (const unsigned char *)line, (int)strlen(line));
		credentials[account_count++] = strdup(encoded);
	}
	if (account_count == 0)
		fail("no credentials");
}

static SSL *secure(SSL_CTX *context, int fd)
{
	SSL *ssl = SSL_new(context);
	SSL_set_fd(ssl, fd);
	SSL_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS);
	if (SSL_connect(ssl) != 1)
		fail("TLS");
	return ssl;
}

static void ask(SSL *ssl, const char *authorization, bool socket)
{
	char request[2048], answer[4096];
	int len = snprintf(request, sizeof request,
	    "GET %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic %s\r\n%s\r\n",
	    socket ? "/jmap/ws" : "/jmap/events?types=*&closeafter=no&ping=0", authorization,
	    socket ? "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
	             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: jmap\r\n"
	           : "");
	if (SSL_write(ssl, request, len) != len)
		fail("write");
	int n = SSL_read(ssl, answer, sizeof answer - 1);
	if (n <= 12 || memcmp(answer + 9, socket ? "101" : "200", 3) != 0)
		fail("the server refused");
	if (!socket)
		return;
	/* {"@type":"WebSocketPushEnable"}, masked with zeros. */
	static const char enable[] = "{\"@type\":\"WebSocketPushEnable\",\"dataTypes\":null}";
	char frame[6 + sizeof enable] = {(char)0x81, (char)(0x80 | (sizeof enable - 1))};
	memcpy(frame + 6, enable, sizeof enable - 1);
	SSL_write(ssl, frame, 6 + (int)sizeof enable - 1);
}

static void connect_one(
    struct connection *c, SSL_CTX *context, unsigned port, const char *user, bool socket_wanted)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&address, sizeof address) != 0)
		fail("connect");
	c->ssl = secure(context, c->fd);
	ask(c->ssl, user, socket_wanted);
	fcntl(c->fd, F_SETFL, O_NONBLOCK);
}

/* All that has come; false: nothing that is a state. */
static bool hear(struct connection *c)
{
	char bytes[16384];
	bool told = false;
	int n;
	while ((n = SSL_read(c->ssl, bytes, sizeof bytes - 1)) > 0) {
		bytes[n] = '\0';
		told = told || strstr(bytes, "StateChange") != NULL;
	}
	return told;
}

/* From the line "tell" on: when the first and the last of all connections heard of a change. */
static void listen_all(struct connection *all, size_t count, int epoll)
{
	struct epoll_event events[EVENTS_AT_ONCE];
	char line[LINE_MAX_OCTETS];
	size_t heard = 0;
	double since = 0, first = 0;
	for (;;) {
		int n = epoll_wait(epoll, events, EVENTS_AT_ONCE, -1);
		for (int i = 0; i < n; i++) {
			if (events[i].data.ptr == NULL) {
				if (fgets(line, sizeof line, stdin) == NULL)
					return;
				since = now();
				heard = 0;
			} else if (hear(events[i].data.ptr) && heard++ == 0) {
				first = now();
			}
			if (heard == count) {
				double last = now();
				printf("first=%.2f last=%.2f spread=%.2f\n", first - since, last - since,
				    last - first);
				fflush(stdout);
				heard = 0;
			}
		}
	}
	(void)all;
}

static int run_push(unsigned port, size_t count, bool socket_wanted)
{
	struct connection *all = calloc(count, sizeof *all);
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event input = {.events = EPOLLIN};
	read_credentials();
	for (size_t i = 0; i < count; i++) {
		struct epoll_event event = {.events = EPOLLIN, .data.ptr = &all[i]};
		connect_one(&all[i], context, port, credentials[i % account_count], socket_wanted);
		epoll_ctl(epoll, EPOLL_CTL_ADD, all[i].fd, &event);
	}
	printf("push=%zu\n", count);
	fflush(stdout);
	epoll_ctl(epoll, EPOLL_CTL_ADD, STDIN_FILENO, &input);
	listen_all(all, count, epoll);
	free(all);
	SSL_CTX_free(context);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 5 && strcmp(argv[1], "push") == 0)
		return run_push(
		    (unsigned)atoi(argv[2]), (size_t)atoi(argv[3]), strcmp(argv[4], "socket") == 0);
	fprintf(stderr, "usage: web_load push PORT CONNECTIONS events|socket\n");
	return 64;
}
