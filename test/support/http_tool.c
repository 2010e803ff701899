/*
 * Serves the host of the unit tests (http_world.h) in clear on a port of 127.0.0.1, by HTTP/1.1 and HTTP/2,
 * for programs that test or measure HTTP from outside, such as h2spec and h2load. One thread; it says "ready"
 * and serves until it is ended.
 *
 *     http_tool 8080 &  h2spec -h 127.0.0.1 -p 8080 -P /count;  h2load -n 100000 -c 10 -m 10
 * http://127.0.0.1:8080/hello
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "../unit/http/http_world.h"

enum { CLIENTS_MAX = 1000, PIECE = 64 * 1024 };

static struct http_world worlds[CLIENTS_MAX];
static struct pollfd polls[CLIENTS_MAX + 1]; /* the last one listens */
static struct buf inputs[CLIENTS_MAX];
static nfds_t count;

static int listen_on(int port)
{
	const struct sockaddr_in address = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 1000) != 0) {
		perror("http_tool");
		exit(1);
	}
	return fd;
}

static void end_client(nfds_t i)
{
	http_world_close(&worlds[i]);
	close(polls[i].fd);
	polls[i].fd = -1;
	buf_done(&inputs[i]);
}

static void take_client(int listener)
{
	const struct http_server_config config = {.prior = true};
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
	if (fd < 0)
		return;
	nfds_t i = 0;
	while (i < count && polls[i].fd >= 0)
		i++;
	if (i == CLIENTS_MAX) {
		close(fd);
		return;
	}
	count += i == count;
	worlds[i].quiet = true;
	http_world_open(&worlds[i], &config);
	worlds[i].now = time(NULL);
	buf_init(&inputs[i], 4 * PIECE);
	polls[i] = (struct pollfd){.fd = fd, .events = POLLIN};
}

/* False: the client has gone, or all is said. */
static bool serve(nfds_t i)
{
	struct http_world *w = &worlds[i];
	char *room = buf_reserve(&inputs[i], PIECE);
	ssize_t len = room ? read(polls[i].fd, room, PIECE) : -1;
	if (len == 0 || (len < 0 && room && errno != EAGAIN))
		return false;
	buf_commit(&inputs[i], len > 0 ? (size_t)len : 0);
	size_t taken;
	do {
		taken = http_server_feed(w->server, buf_view(&inputs[i]));
		buf_consume(&inputs[i], taken);
		http_world_go_on(w);
	} while (taken > 0 && inputs[i].len > 0);
	while (w->out.len > 0) {
		ssize_t sent = send(polls[i].fd, w->out.data + w->out.start, w->out.len, MSG_NOSIGNAL);
		if (sent < 0)
			break;
		buf_consume(&w->out, (size_t)sent);
		http_server_drained(w->server);
	}
	polls[i].events = (short)(POLLIN | (w->out.len > 0 ? POLLOUT : 0));
	return !(http_server_is_done(w->server) && w->out.len == 0);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: http_tool port\n");
		return 64;
	}
	struct pollfd listener = {.fd = listen_on(atoi(argv[1])), .events = POLLIN};
	printf("ready\n");
	fflush(stdout);
	for (;;) {
		polls[count] = listener;
		if (poll(polls, count + 1, -1) < 0)
			continue;
		bool arrived = polls[count].revents != 0;
		for (nfds_t i = 0; i < count; i++)
			if (polls[i].fd >= 0 && polls[i].revents && !serve(i))
				end_client(i);
		if (arrived)
			take_client(listener.fd);
	}
}
