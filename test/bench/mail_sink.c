/*
 * The next host of `make bench`: takes mail by SMTP on many loopback addresses and throws it away, in one
 * thread and one epoll. What it costs must not be what is measured, so it parses no more than it needs to
 * answer rightly. mail_sink [-n MESSAGES] [-s SECONDS] [-x EXTENSION,...] PORT GROUP... A GROUP is
 * ADDRESS[+COUNT][:KIND], that many addresses from the first on, of which each host is (nothing)   answering
 * at once slow=MS     answering each command after so many milliseconds mute        accepting connections and
 * never saying a word dead        answering no SYN, as a host that is switched off It says `ready`, ends
 * after so many messages or seconds or with SIGTERM, and prints one line of name=value pairs in all, then one
 * for each group. Times are of the monotonic clock, which mail_load prints too. Announced unless -x names
 * others: PIPELINING and 8BITMIME.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	GROUPS = 16,
	INPUT = 1 << 18,
	LINE = 2048,   /* a command, with the parameters of all extensions */
	OUTPUT = 8192, /* replies to what one read brings: a pipelined envelope of 250 recipients */
	EVENTS = 256,
	FILLERS = 4,   /* connections that keep a dead host's backlog full */
	PATIENCE = 1,  /* seconds for the last reply and QUIT, when all messages have come */
	LOOK_MS = 100, /* whether it is time to end is looked at that often */
	LISTENER = 1   /* in the low bit of an event's pointer */
};

enum kind { QUICK, SLOW, MUTE, DEAD };
enum mode { COMMANDS, DATA, CHUNK, ENDED };

struct conn {
	int fd;
	struct group *group;
	enum mode mode;
	unsigned match; /* how much of CR LF . CR LF has been seen */
	bool last_chunk;
	unsigned recipients;
	uint64_t left; /* of a chunk */
	char *in;      /* a line that is not whole yet; of a slow host, all that waits */
	size_t in_len;
	char *late; /* of a slow host: the reply that is due */
	double due;
	struct conn *next; /* in its group's list of those due: first come, first due */
};

struct group {
	struct in_addr first;
	unsigned count;
	enum kind kind;
	double delay;
	struct conn *due, **due_end;
	unsigned long messages, recipients, connections, open, peak;
	double last;
};

static struct group groups[GROUPS];
static size_t group_count;
static int epoll, port;
static char greeting[512], input[INPUT], output[OUTPUT];
static size_t output_len;
static unsigned long wanted;
static double first_connection, last_message;
static volatile sig_atomic_t stopped;
static bool complete; /* all messages that were wanted have come */
static double until = 1e18;

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* ---- connections ---- */

static void end(struct conn *c)
{
	c->group->open--;
	close(c->fd);
	free(c->in);
	free(c);
}

static void put(const char *text)
{
	size_t len = strlen(text);
	if (output_len + len > sizeof output) {
		fprintf(stderr, "mail_sink: a client pipelines more than it may\n");
		exit(1);
	}
	memcpy(output + output_len, text, len);
	output_len += len;
}

static bool flush(struct conn *c)
{
	ssize_t n = output_len ? send(c->fd, output, output_len, MSG_NOSIGNAL) : 0;
	bool good = n == (ssize_t)output_len;
	output_len = 0;
	return good;
}

static void took_message(struct conn *c)
{
	struct group *g = c->group;
	g->messages++;
	g->recipients += c->recipients;
	g->last = last_message = now();
	c->recipients = 0;
	c->mode = COMMANDS;
	if (wanted && --wanted == 0) {
		complete = true;
		until = last_message + PATIENCE;
	}
}

static bool verb(const char *line, const char *name)
{
	return strncasecmp(line, name, strlen(name)) == 0;
}

static void bdat(struct conn *c, const char *line)
{
	char *rest;
	c->left = strtoull(line + 4, &rest, 10);
	c->last_chunk = strcasestr(rest, "LAST") != NULL;
	c->mode = CHUNK;
}

/* The reply to a command; NULL for none yet. */
static const char *command(struct conn *c, const char *line)
{
	if (verb(line, "RCPT")) {
		c->recipients++;
		return "250 2.1.5 yes\r\n";
	}
	if (verb(line, "MAIL")) {
		c->recipients = 0;
		return "250 2.1.0 yes\r\n";
	}
	if (verb(line, "DATA") && c->recipients) {
		c->mode = DATA;
		c->match = 2;
		return "354 go on\r\n";
	}
	if (verb(line, "BDAT")) {
		bdat(c, line);
		return NULL;
	}
	if (verb(line, "EHLO") || verb(line, "LHLO"))
		return greeting;
	if (verb(line, "QUIT")) {
		c->mode = ENDED;
		return "221 2.0.0 bye\r\n";
	}
	if (verb(line, "RSET"))
		c->recipients = 0;
	return verb(line, "RSET") || verb(line, "NOOP") || verb(line, "HELO") ? "250 2.0.0 yes\r\n"
	                                                                      : "503 5.5.1 no\r\n";
}

/* Takes what is there of a message; how many bytes. */
static size_t take_data(struct conn *c, const char *data, size_t len)
{
	static const char pattern[] = "\r\n.\r\n";
	size_t i = 0;
	while (i < len && c->match < 5) {
		if (c->match == 0) {
			const char *cr = memchr(data + i, '\r', len - i);
			if (cr == NULL)
				return len;
			i = (size_t)(cr - data);
		}
		if (data[i] == pattern[c->match])
			c->match++;
		else
			c->match = data[i] == '\r';
		i++;
	}
	return i;
}

/* One step: takes *used bytes of the input and gives the reply that follows, if any. false: more input is
 * needed. */
static bool step(struct conn *c, const char *data, size_t len, size_t *used, const char **reply)
{
	*reply = NULL;
	*used = 0;
	if (c->mode == DATA) {
		*used = take_data(c, data, len);
		if (c->match < 5)
			return false;
	} else if (c->mode == CHUNK) {
		*used = len < c->left ? len : (size_t)c->left;
		c->left -= *used;
		if (c->left > 0)
			return false;
		c->mode = COMMANDS;
		*reply = "250 2.0.0 yes\r\n";
		if (!c->last_chunk)
			return true;
	} else {
		char line[LINE];
		const char *lf = memchr(data, '\n', len);
		if (lf == NULL || c->mode == ENDED)
			return false;
		*used = (size_t)(lf + 1 - data);
		snprintf(line, sizeof line, "%.*s", (int)(*used - 1), data);
		*reply = command(c, line);
		return true;
	}
	took_message(c);
	*reply = "250 2.0.0 accepted\r\n";
	return true;
}

static void keep(struct conn *c, const char *data, size_t len)
{
	/* data may lie in c->in itself. */
	char *kept = len ? malloc(len) : NULL;
	if (kept)
		memcpy(kept, data, len);
	free(c->in);
	c->in = kept;
	c->in_len = len;
}

/* Level-triggered: what came while nobody watched is told of then. */
static void watch(struct conn *c)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event) != 0)
		die("epoll_ctl");
}

static void reply_later(struct conn *c, const char *reply)
{
	struct group *g = c->group;
	epoll_ctl(epoll, EPOLL_CTL_DEL, c->fd, NULL); /* of a new one: not there yet */
	c->late = strdup(reply);
	c->due = now() + g->delay;
	c->next = NULL;
	*g->due_end = c;
	g->due_end = &c->next;
}

/* Steps through what has come; of a slow host, to the next reply. */
static bool work(struct conn *c, const char *data, size_t len)
{
	size_t used;
	const char *reply;
	bool more = true;
	while (more && len > 0 && c->late == NULL) {
		more = step(c, data, len, &used, &reply);
		data += used;
		len -= used;
		if (reply && c->group->kind == SLOW)
			reply_later(c, reply);
		else if (reply)
			put(reply);
	}
	keep(c, data, len);
	return flush(c) && (c->mode != ENDED || c->late);
}

static void readable(struct conn *c)
{
	size_t kept = c->in_len;
	if (kept)
		memcpy(input, c->in, kept);
	ssize_t n = read(c->fd, input + kept, sizeof input - kept);
	if ((n < 0 && errno == EAGAIN) || (n > 0 && c->group->kind == MUTE))
		return;
	if (n <= 0 || !work(c, input, kept + (size_t)n))
		end(c);
}

static void send_late(struct conn *c)
{
	put(c->late);
	free(c->late);
	c->late = NULL;
	char *in = c->in;
	size_t len = c->in_len;
	c->in = NULL;
	bool good = flush(c) && work(c, in, len);
	free(in);
	if (!good)
		end(c);
	else if (c->late == NULL)
		watch(c);
}

static void connected(struct group *g, int listener)
{
	int on = 1, fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0)
		return;
	struct conn *c = calloc(1, sizeof *c);
	c->fd = fd;
	c->group = g;
	g->connections++;
	if (++g->open > g->peak)
		g->peak = g->open;
	if (first_connection == 0)
		first_connection = now();
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (g->kind == SLOW) {
		reply_later(c, "220 sink.test ESMTP\r\n");
		return;
	}
	watch(c);
	if (g->kind == QUICK) {
		put("220 sink.test ESMTP\r\n");
		flush(c);
	}
}

/* ---- hosts ---- */

struct listener {
	struct group *group;
	int fd;
};

/* Connections of our own that nobody accepts: the backlog is full, and the kernel drops every further SYN. */
static void fill_backlog(const struct sockaddr_in *address)
{
	for (int i = 0; i < FILLERS; i++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		connect(fd, (const struct sockaddr *)address, sizeof *address);
	}
}

static void listen_on(struct group *g, unsigned number)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port),
	    .sin_addr.s_addr = htonl(ntohl(g->first.s_addr) + number)};
	int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
	    listen(fd, g->kind == DEAD ? 0 : 1024) != 0)
		die(inet_ntoa(address.sin_addr));
	if (g->kind == DEAD) {
		fill_backlog(&address);
		return;
	}
	struct listener *l = calloc(1, sizeof *l);
	*l = (struct listener){.group = g, .fd = fd};
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = (uint64_t)(uintptr_t)l | LISTENER};
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0)
		die("epoll_ctl");
}

static void add_group(char *text)
{
	if (group_count == GROUPS) {
		fprintf(stderr, "mail_sink: too many groups\n");
		exit(64);
	}
	struct group *g = &groups[group_count++];
	char *kind = strchr(text, ':'), *count;
	if (kind)
		*kind++ = '\0';
	count = strchr(text, '+');
	if (count)
		*count++ = '\0';
	*g = (struct group){.count = count ? (unsigned)atoi(count) : 1};
	g->due_end = &g->due;
	if (kind && strncmp(kind, "slow=", 5) == 0) {
		g->kind = SLOW;
		g->delay = atoi(kind + 5) / 1e3;
	} else if (kind) {
		g->kind = strcmp(kind, "mute") == 0 ? MUTE : DEAD;
	}
	if (inet_pton(AF_INET, text, &g->first) != 1 || ntohl(g->first.s_addr) >> 24 != 127) {
		fprintf(stderr, "mail_sink: not a loopback address: %s\n", text);
		exit(64);
	}
	for (unsigned i = 0; i < g->count; i++)
		listen_on(g, i);
}

/* ---- its life ---- */

static void on_signal(int number)
{
	(void)number;
	stopped = 1;
}

/* Sends what is due; how long until the next is, in milliseconds, at most LOOK_MS. */
static int send_due(void)
{
	double t = now(), next = t + LOOK_MS / 1e3;
	for (size_t i = 0; i < group_count; i++) {
		struct group *g = &groups[i];
		while (g->due && g->due->due <= t) {
			struct conn *c = g->due;
			g->due = c->next;
			if (g->due == NULL)
				g->due_end = &g->due;
			send_late(c);
		}
		if (g->due && g->due->due < next)
			next = g->due->due;
	}
	return (int)((next - t) * 1e3) + 1;
}

static bool done(void)
{
	unsigned long open = 0;
	for (size_t i = 0; i < group_count; i++)
		open += groups[i].open;
	return stopped || now() >= until || (complete && open == 0);
}

static void serve(void)
{
	struct epoll_event events[EVENTS];
	while (!done()) {
		int n = epoll_wait(epoll, events, EVENTS, send_due());
		for (int i = 0; i < n; i++) {
			if (events[i].data.u64 & LISTENER) {
				struct listener *l =
				    (struct listener *)(uintptr_t)(events[i].data.u64 & ~(uint64_t)LISTENER);
				connected(l->group, l->fd);
			} else {
				readable(events[i].data.ptr);
			}
		}
	}
}

static void report(void)
{
	unsigned long messages = 0, recipients = 0;
	for (size_t i = 0; i < group_count; i++) {
		messages += groups[i].messages;
		recipients += groups[i].recipients;
	}
	double took = last_message - first_connection;
	printf("messages=%lu recipients=%lu seconds=%.3f rate=%.0f first=%.6f last=%.6f\n", messages,
	    recipients, took, messages ? (double)messages / took : 0, first_connection, last_message);
	for (size_t i = 0; i < group_count; i++) {
		struct group *g = &groups[i];
		printf("group=%zu messages=%lu recipients=%lu connections=%lu peak=%lu last=%.6f\n", i,
		    g->messages, g->recipients, g->connections, g->peak, g->last);
	}
}

static void announce(const char *extensions)
{
	char list[256], *rest = list;
	size_t len = (size_t)snprintf(greeting, sizeof greeting, "250-sink.test\r\n");
	snprintf(list, sizeof list, "%s", extensions);
	for (char *word; (word = strsep(&rest, ",")) != NULL;)
		if (*word && len < sizeof greeting)
			len += (size_t)snprintf(greeting + len, sizeof greeting - len, "250-%s\r\n", word);
	snprintf(greeting + len, sizeof greeting - len, "250 ENHANCEDSTATUSCODES\r\n");
}

int main(int argc, char **argv)
{
	int option;
	struct rlimit files;
	announce("PIPELINING,8BITMIME");
	while ((option = getopt(argc, argv, "n:s:x:")) != -1) {
		if (option == 'n')
			wanted = strtoul(optarg, NULL, 10);
		else if (option == 's')
			until = now() + atof(optarg);
		else if (option == 'x')
			announce(optarg);
		else
			return 64;
	}
	if (argc - optind < 2) {
		fprintf(stderr, "usage: see the head of mail_sink.c\n");
		return 64;
	}
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	signal(SIGTERM, on_signal);
	signal(SIGINT, on_signal);
	epoll = epoll_create1(EPOLL_CLOEXEC);
	port = atoi(argv[optind++]);
	while (optind < argc)
		add_group(argv[optind++]);
	printf("ready\n");
	fflush(stdout);
	serve();
	report();
	return 0;
}
