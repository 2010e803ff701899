/*
 * The load generator of `make bench`: blocking connections, one thread each, commands pipelined as real
 * servers do where the server announces it. It addresses loopback only. mail_load smtp PORT CONNECTIONS
 * MESSAGES SIZE USERS DOMAIN [DOMAINS] to userN@DOMAIN, or to userN@dM.DOMAIN of so many DOMAINS in turn
 *   mail_load lmtp ...   the same by LMTP
 *   mail_load files PORT CONNECTIONS MESSAGES FOLDER USERS DOMAIN   the same of messages as they stand in
 * files, each from the domain that is its file's name mail_load pop3 PORT USER PASSWORD FIRST-ONLY|PIPELINE
 * fetches the whole mailbox mail_load list PORT USER PASSWORD                       times STAT and UIDL
 *   mail_load idle PORT CONNECTIONS SECONDS [GREETING-BYTE] holds connections that say nothing
 * Prints one line of name=value pairs.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { BUFFER = 1 << 20, MESSAGES_A_CONNECTION = 100, WINDOW = 500, GREETING_MS = 200, TRIES = 100 };

struct conn {
	int fd;
	char *in;
	size_t len, at;
	bool pipelining; /* announced */
};

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

static void open_conn(struct conn *c, int port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int on = 1;
	c->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&address, sizeof address) != 0)
		die("connect");
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (c->in == NULL)
		c->in = malloc(BUFFER);
	c->len = c->at = 0;
}

static void fill(struct conn *c)
{
	if (c->at == c->len)
		c->at = c->len = 0;
	if (c->at > 0 && c->len == BUFFER) {
		memmove(c->in, c->in + c->at, c->len - c->at);
		c->len -= c->at;
		c->at = 0;
	}
	ssize_t n = read(c->fd, c->in + c->len, BUFFER - c->len);
	if (n <= 0)
		die("connection lost");
	c->len += (size_t)n;
}

/* The next line, without its end; valid until the next call. */
static char *line(struct conn *c)
{
	for (;;) {
		char *end = memchr(c->in + c->at, '\n', c->len - c->at);
		if (end) {
			char *start = c->in + c->at;
			*end = '\0';
			c->at = (size_t)(end + 1 - c->in);
			return start;
		}
		fill(c);
	}
}

static void put(struct conn *c, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = send(c->fd, data, len, MSG_NOSIGNAL);
		if (n < 0)
			die("send");
		data += n;
		len -= (size_t)n;
	}
}

/* Both parts in one packet; what does not fit at once goes by itself. */
static void put_parts(struct conn *c, const struct iovec *parts, int count)
{
	ssize_t n = writev(c->fd, parts, count);
	if (n < 0)
		die("writev");
	for (int i = 0; i < count; i++) {
		size_t skip = (size_t)n < parts[i].iov_len ? (size_t)n : parts[i].iov_len;
		put(c, (const char *)parts[i].iov_base + skip, parts[i].iov_len - skip);
		n -= (ssize_t)skip;
	}
}

/* ---- smtp ---- */

static struct {
	int port, size, users, domains;
	const char *domain;
	long total;
	atomic_long next, refused;
	double *latency;
	struct body {
		char *text; /* with the final dot */
		size_t len;
		char sender[256];
	} * bodies; /* in turn */
	long body_count;
	long run; /* tells one run's messages from another's */
	bool lmtp;
} job;

static void expect(struct conn *c, char wanted)
{
	char *l;
	do
		l = line(c);
	while (strlen(l) > 3 && l[3] == '-');
	if (l[0] == wanted)
		return;
	fprintf(stderr, "unexpected reply: %s\n", l);
	atomic_fetch_add(&job.refused, 1);
}

/*
 * A server with a short backlog drops the end of a handshake when many connect at once: we believe that we
 * are connected, it knows nothing of it, and nobody ever speaks. So whoever is not greeted soon connects
 * again.
 */
static void open_greeted(struct conn *c)
{
	for (int i = 0; i < TRIES; i++) {
		open_conn(c, job.port);
		struct pollfd wait = {.fd = c->fd, .events = POLLIN};
		if (poll(&wait, 1, GREETING_MS) == 1)
			return;
		close(c->fd);
	}
	die("no greeting");
}

static void hello(struct conn *c)
{
	char *l;
	expect(c, '2');
	put(c, job.lmtp ? "LHLO bench.example.test\r\n" : "EHLO bench.example.test\r\n", 25);
	c->pipelining = false;
	do {
		l = line(c);
		if (strstr(l, "PIPELINING"))
			c->pipelining = true;
	} while (strlen(l) > 3 && l[3] == '-');
}

/* MAIL, RCPT, DATA: lines that end in CR LF. */
static void put_commands(struct conn *c, const char *commands)
{
	static const char replies[] = "223";
	if (c->pipelining)
		put(c, commands, strlen(commands));
	for (size_t i = 0; replies[i]; i++) {
		const char *end = strchr(commands, '\n') + 1;
		if (!c->pipelining)
			put(c, commands, (size_t)(end - commands));
		commands = end;
		expect(c, replies[i]);
	}
}

static void *smtp_client(void *arg)
{
	struct conn c = {0};
	char commands[512];
	long sent = MESSAGES_A_CONNECTION;
	(void)arg;
	for (;;) {
		long n = atomic_fetch_add(&job.next, 1);
		if (n >= job.total)
			break;
		if (sent == MESSAGES_A_CONNECTION) {
			if (c.fd)
				close(c.fd);
			open_greeted(&c);
			hello(&c);
			sent = 0;
		}
		sent++;
		const struct body *body = &job.bodies[n % job.body_count];
		char part[32] = "";
		if (job.domains)
			snprintf(part, sizeof part, "d%ld.", n % job.domains);
		snprintf(commands, sizeof commands,
		    "MAIL FROM:<bench@%s>\r\nRCPT TO:<user%ld@%s%s>\r\nDATA\r\n", body->sender, n % job.users,
		    part, job.domain);
		put_commands(&c, commands);
		/* Every message has its own Message-ID, as real mail has: threads are looked up by it. */
		int len = snprintf(commands, sizeof commands, "Message-ID: <%lx.%lx@remote.test>\r\n",
		    (unsigned long)n * 0x9e3779b97f4a7c15, (unsigned long)job.run);
		struct iovec parts[] = {{commands, (size_t)len}, {body->text, body->len}};
		put_parts(&c, parts, 2);
		/* The final dot has gone out. */
		double start = now();
		expect(&c, '2');
		job.latency[n] = now() - start;
	}
	if (c.fd) {
		put(&c, "QUIT\r\n", 6);
		close(c.fd);
	}
	free(c.in);
	return NULL;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void make_body(int size)
{
	static const char head[] =
	    "From: bench@remote.test\r\nTo: user@example.test\r\nSubject: a message of the benchmark\r\n"
	    "Date: Sun, 22 Nov 2026 00:00:00 +0000\r\n\r\n";
	struct body *body = job.bodies = calloc(1, sizeof *body);
	job.body_count = 1;
	strcpy(body->sender, "remote.test");
	body->text = malloc((size_t)size + 200);
	size_t n = sizeof head - 1;
	memcpy(body->text, head, n);
	while (n < (size_t)size) {
		for (size_t i = 0; i < 70 && n < (size_t)size; i++, n++)
			body->text[n] = (char)('a' + (n * 7 + i) % 26);
		body->text[n++] = '\r';
		body->text[n++] = '\n';
	}
	memcpy(body->text + n, ".\r\n", 3);
	body->len = n + 3;
}

/* Files have CRLFs, end in one, and no line begins with a dot. */
static void read_bodies(const char *folder)
{
	DIR *dir = opendir(folder);
	char path[4096];
	for (struct dirent *entry; dir && (entry = readdir(dir)) != NULL;) {
		if (entry->d_name[0] == '.')
			continue;
		job.bodies = realloc(job.bodies, (size_t)(job.body_count + 1) * sizeof *job.bodies);
		struct body *body = &job.bodies[job.body_count++];
		snprintf(body->sender, sizeof body->sender, "%s", entry->d_name);
		snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
		FILE *file = fopen(path, "rb");
		body->text = malloc(BUFFER);
		body->len = file ? fread(body->text, 1, BUFFER - 3, file) : 0;
		if (body->len == 0)
			die(path);
		fclose(file);
		memcpy(body->text + body->len, ".\r\n", 3);
		body->len += 3;
	}
	if (job.body_count == 0)
		die(folder);
	closedir(dir);
}

static int run_smtp(char **argv)
{
	int connections = atoi(argv[3]);
	job.port = atoi(argv[2]);
	job.run = (long)time(NULL) ^ (long)getpid() << 20;
	job.total = atol(argv[4]);
	job.users = atoi(argv[6]);
	job.domain = argv[7];
	job.domains = argv[8] ? atoi(argv[8]) : 0;
	if (strcmp(argv[1], "files") == 0)
		read_bodies(argv[5]);
	else
		make_body(atoi(argv[5]));
	job.latency = calloc((size_t)job.total, sizeof *job.latency);
	pthread_t *threads = calloc((size_t)connections, sizeof *threads);
	double start = now();
	for (int i = 0; i < connections; i++)
		pthread_create(&threads[i], NULL, smtp_client, NULL);
	for (int i = 0; i < connections; i++)
		pthread_join(threads[i], NULL);
	double took = now() - start;
	qsort(job.latency, (size_t)job.total, sizeof *job.latency, compare);
	printf("messages=%ld seconds=%.3f rate=%.0f start=%.6f refused=%ld p50_ms=%.2f p99_ms=%.2f "
	       "p999_ms=%.2f max_ms=%.2f\n",
	    job.total, took, (double)job.total / took, start, atomic_load(&job.refused),
	    job.latency[job.total / 2] * 1e3, job.latency[job.total * 99 / 100] * 1e3,
	    job.latency[job.total * 999 / 1000] * 1e3, job.latency[job.total - 1] * 1e3);
	return atomic_load(&job.refused) != 0;
}

/* ---- pop3 ---- */

static long pop3_login(struct conn *c, char **argv)
{
	char commands[512];
	long count = 0;
	open_conn(c, atoi(argv[2]));
	line(c);
	int len = snprintf(commands, sizeof commands, "USER %s\r\n", argv[3]);
	put(c, commands, (size_t)len);
	line(c);
	len = snprintf(commands, sizeof commands, "PASS %s\r\n", argv[4]);
	put(c, commands, (size_t)len);
	char *answer = line(c);
	if (answer[0] != '+') {
		fprintf(stderr, "login: %s\n", answer);
		exit(1);
	}
	put(c, "STAT\r\n", 6);
	sscanf(line(c), "+OK %ld", &count);
	return count;
}

/* A multi-line answer; returns its bytes. */
static size_t take_message(struct conn *c)
{
	size_t bytes = 0;
	char *l = line(c);
	if (l[0] != '+') {
		fprintf(stderr, "RETR: %s\n", l);
		exit(1);
	}
	for (;;) {
		l = line(c);
		if (l[0] == '.' && (l[1] == '\r' || l[1] == '\0'))
			return bytes;
		bytes += strlen(l) + 1;
	}
}

static int run_pop3(char **argv)
{
	struct conn c = {0};
	bool pipelined = strcmp(argv[5], "pipeline") == 0;
	char commands[64 * WINDOW];
	size_t bytes = 0;
	long count = pop3_login(&c, argv), asked = 0;
	double start = now();
	for (long taken = 0; taken < count; taken++) {
		long ahead = pipelined ? WINDOW : 1;
		/* Half a window at a time: a client that pipelines neither floods nor starves. */
		if (asked < count && (asked - taken) * 2 <= ahead - 1 + (ahead == 1)) {
			int len = 0;
			for (; asked < count && asked - taken < ahead; asked++)
				len += snprintf(commands + len, 64, "RETR %ld\r\n", asked + 1);
			put(&c, commands, (size_t)len);
		}
		bytes += take_message(&c);
	}
	double took = now() - start;
	put(&c, "QUIT\r\n", 6);
	printf("messages=%ld bytes=%zu seconds=%.3f rate=%.0f\n", count, bytes, took, (double)count / took);
	return 0;
}

static int run_list(char **argv)
{
	struct conn c = {0};
	double before = now();
	long count = pop3_login(&c, argv);
	double start = now();
	put(&c, "STAT\r\n", 6);
	line(&c);
	put(&c, "UIDL\r\n", 6);
	take_message(&c);
	double took = now() - start;
	put(&c, "QUIT\r\n", 6);
	printf("messages=%ld login_ms=%.1f stat_uidl_ms=%.1f\n", count, (start - before) * 1e3, took * 1e3);
	return 0;
}

/* ---- idle ---- */

static int run_idle(char **argv)
{
	int connections = atoi(argv[3]), seconds = atoi(argv[4]);
	struct conn c = {.in = malloc(BUFFER)};
	for (int i = 0; i < connections; i++) {
		open_conn(&c, atoi(argv[2]));
		line(&c);
	}
	printf("connections=%d\n", connections);
	fflush(stdout);
	sleep((unsigned)seconds);
	return 0;
}

int main(int argc, char **argv)
{
	job.lmtp = argc > 1 && strcmp(argv[1], "lmtp") == 0;
	if ((argc == 8 || argc == 9) &&
	    (job.lmtp || strcmp(argv[1], "smtp") == 0 || strcmp(argv[1], "files") == 0))
		return run_smtp(argv);
	if (argc == 6 && strcmp(argv[1], "pop3") == 0)
		return run_pop3(argv);
	if (argc == 5 && strcmp(argv[1], "list") == 0)
		return run_list(argv);
	if (argc == 5 && strcmp(argv[1], "idle") == 0)
		return run_idle(argv);
	fprintf(stderr, "usage: see the head of mail_load.c\n");
	return 64;
}
