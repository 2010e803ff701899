/*
 * The load generator of the measurements of IMAP. It addresses loopback only, without TLS, and prints
 * name=value pairs. imap_load run PORT USER PASSWORD MAILBOX COMMAND...       each command's time, from its
 * first byte to its tagged answer imap_load select PORT USER PASSWORD MAILBOX COUNT         SELECT on fresh
 * connections imap_load append PORT USERS PASSWORD CONNECTIONS MESSAGES SIZE    one user for each connection,
 * "%d" in USERS and PASSWORD is its number; one message at a time on each imap_load idle PORT USER PASSWORD
 * CONNECTIONS             sessions in IDLE, until standard input ends imap_load tell PORT USER PASSWORD
 * SAMPLES                 from APPEND's OK to another session's EXISTS imap_load sync PORT USERS PASSWORD
 * CLIENTS SECONDS        clients that look for what is new, each with CONDSTORE, and fetch it: how long each
 * command waits imap_load maildir FOLDER MESSAGES SIZE                    a Maildir of the messages that
 * `append` sends Error answers end it with status 1.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { BUFFER = 1 << 20, MESSAGE_ROOM = 1 << 22, THREADS_MAX = 200 };

struct conn {
	int fd;
	char *in;
	size_t len, at;
	unsigned tag;
	unsigned long long bytes; /* received in all */
};

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "imap_load: %s: %s\n", what, errno ? strerror(errno) : "unexpected answer");
	exit(1);
}

/* ---- a connection ---- */

static void fill(struct conn *c)
{
	if (c->at == c->len)
		c->at = c->len = 0;
	if (c->at > 0 && c->len == BUFFER) {
		memmove(c->in, c->in + c->at, c->len - c->at);
		c->len -= c->at;
		c->at = 0;
	}
	errno = 0;
	ssize_t n = read(c->fd, c->in + c->len, BUFFER - c->len);
	if (n <= 0)
		die("connection lost");
	c->len += (size_t)n;
	c->bytes += (unsigned long long)n;
}

/* The next line without its end; valid until the next call. */
static char *line(struct conn *c)
{
	for (;;) {
		char *end = memchr(c->in + c->at, '\n', c->len - c->at);
		if (end) {
			char *start = c->in + c->at;
			*end = '\0';
			c->at = (size_t)(end + 1 - c->in);
			if (end > start && end[-1] == '\r')
				end[-1] = '\0';
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

static void skip(struct conn *c, size_t len)
{
	while (len > c->len - c->at) {
		len -= c->len - c->at;
		c->at = c->len;
		fill(c);
	}
	c->at += len;
}

/* Reads up to the tagged answer, literals skipped; each untagged line goes to `untagged`. */
static void finish(struct conn *c, void (*untagged)(void *arg, const char *text), void *arg)
{
	char tag[16];
	size_t tag_len = (size_t)snprintf(tag, sizeof tag, "t%u ", c->tag);
	for (;;) {
		char *text = line(c);
		if (strncmp(text, tag, tag_len) == 0) {
			if (strncmp(text + tag_len, "OK", 2) == 0)
				return;
			fprintf(stderr, "imap_load: %s\n", text);
			exit(1);
		}
		if (untagged)
			untagged(arg, text);
		size_t len = strlen(text);
		char *brace = len && text[len - 1] == '}' ? strrchr(text, '{') : NULL;
		if (brace)
			skip(c, (size_t)strtoull(brace + 1, NULL, 10));
	}
}

static void command(
    struct conn *c, const char *text, void (*untagged)(void *arg, const char *text), void *arg)
{
	char *out = NULL;
	int len = asprintf(&out, "t%u %s\r\n", ++c->tag, text);
	if (len < 0)
		die("memory");
	put(c, out, (size_t)len);
	free(out);
	finish(c, untagged, arg);
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
	c->tag = 0;
	line(c);
}

/* "%d" in the text stands for a number. */
static const char *numbered(const char *text, int number, char out[200])
{
	const char *at = strstr(text, "%d");
	if (at)
		snprintf(out, 200, "%.*s%d%s", (int)(at - text), text, number, at + 2);
	else
		snprintf(out, 200, "%s", text);
	return out;
}

static void log_in(struct conn *c, int port, const char *user, const char *password, int number)
{
	char text[600], a[200], b[200];
	open_conn(c, port);
	snprintf(text, sizeof text, "LOGIN \"%s\" \"%s\"", numbered(user, number, a),
	    numbered(password, number, b));
	command(c, text, NULL, NULL);
}

static void select_mailbox(struct conn *c, const char *mailbox, const char *how)
{
	char text[600];
	snprintf(text, sizeof text, "SELECT \"%s\"%s", mailbox, how);
	command(c, text, NULL, NULL);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

static void print_times(const char *what, double *ms, size_t count)
{
	if (count == 0)
		die("nothing was measured");
	qsort(ms, count, sizeof *ms, compare);
	printf("%s_median_ms=%.3f %s_p99_ms=%.3f %s_max_ms=%.3f %s_count=%zu\n", what, ms[count / 2], what,
	    ms[(count - 1) * 99 / 100], what, ms[count - 1], what, count);
}

/* ---- messages ---- */

/* Message number n: words that differ, a few in a thread, as long as asked for. */
static size_t make_message(char *out, long n, size_t size)
{
	static const char *const words[] = {"meeting", "report", "invoice", "garden", "schedule", "holiday",
	    "budget", "train", "review", "question", "lecture", "kitchen", "weather", "contract", "window",
	    "letter"};
	unsigned seed = (unsigned)n * 2654435761u;
	long thread = n - n % 5;
	time_t when = 1500000000 + (time_t)n * 60;
	struct tm utc;
	char date[64];
	gmtime_r(&when, &utc);
	strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S +0000", &utc);
	size_t len = (size_t)sprintf(out,
	    "Return-Path: <sender%ld@remote.test>\r\nFrom: \"Sender %ld\" <sender%ld@remote.test>\r\nTo: "
	    "user@example.test\r\n"
	    "Subject: %s%s %s number %ld\r\nDate: %s\r\nMessage-ID: <%ld.load@remote.test>\r\n",
	    n % 97, n % 97, n % 97, n == thread ? "" : "Re: ", words[(unsigned long)thread % 16],
	    words[(unsigned long)(thread / 16) % 16], thread, date, n);
	if (n != thread)
		len += (size_t)sprintf(out + len,
		    "In-Reply-To: <%ld.load@remote.test>\r\nReferences: <%ld.load@remote.test>\r\n", thread,
		    thread);
	len += (size_t)sprintf(
	    out + len, "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n");
	while (len + 90 < size) {
		for (int i = 0; i < 8; i++) {
			seed = seed * 1103515245u + 12345u;
			len += (size_t)sprintf(out + len, "%s ", words[seed >> 16 & 15]);
		}
		len += (size_t)sprintf(out + len, "\r\n");
	}
	return len;
}

static int run_maildir(char **argv)
{
	static char message[MESSAGE_ROOM], plain[MESSAGE_ROOM];
	static const char *const parts[] = {"", "/cur", "/new", "/tmp"};
	long count = atol(argv[1]);
	char path[4096];
	for (size_t i = 0; i < 4; i++) {
		snprintf(path, sizeof path, "%s%s", argv[0], parts[i]);
		if (mkdir(path, 0700) != 0 && errno != EEXIST)
			die(path);
	}
	for (long n = 0; n < count; n++) {
		size_t len = make_message(message, n, (size_t)atol(argv[2])), kept = 0;
		for (size_t i = 0; i < len; i++)
			if (message[i] != '\r')
				plain[kept++] = message[i];
		snprintf(path, sizeof path, "%s/cur/%ld.M%ldP1.load,S=%zu,W=%zu:2,%s", argv[0],
		    1500000000 + n * 60, n, kept, len, n % 4 ? "S" : "");
		int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		if (fd < 0 || write(fd, plain, kept) != (ssize_t)kept)
			die(path);
		close(fd);
	}
	printf("messages=%ld\n", count);
	return 0;
}

/* ---- run, select ---- */

static int run_commands(int argc, char **argv)
{
	struct conn c = {0};
	log_in(&c, atoi(argv[0]), argv[1], argv[2], 0);
	select_mailbox(&c, argv[3], "");
	for (int i = 4; i < argc; i++) {
		unsigned long long before = c.bytes;
		double begin = now();
		command(&c, argv[i], NULL, NULL);
		printf("ms=%.3f bytes=%llu\n", (now() - begin) * 1e3, c.bytes - before);
	}
	return 0;
}

static int run_select(char **argv)
{
	size_t count = (size_t)atol(argv[4]);
	double *ms = calloc(count, sizeof *ms);
	struct conn c = {0};
	for (size_t i = 0; i < count; i++) {
		log_in(&c, atoi(argv[0]), argv[1], argv[2], 0);
		double begin = now();
		select_mailbox(&c, argv[3], "");
		ms[i] = (now() - begin) * 1e3;
		close(c.fd);
	}
	print_times("select", ms, count);
	return 0;
}

/* ---- append ---- */

static struct {
	int port;
	const char *users, *password;
	long total;
	size_t size;
	atomic_long next;
	double until;
	pthread_barrier_t ready; /* everybody has logged in: passwords are not what is measured */
} job;

static void *append_some(void *arg)
{
	struct conn c = {0};
	char *message = malloc(MESSAGE_ROOM), head[100];
	long n;
	log_in(&c, job.port, job.users, job.password, (int)(intptr_t)arg);
	pthread_barrier_wait(&job.ready);
	while ((n = atomic_fetch_add(&job.next, 1)) < job.total) {
		size_t len = make_message(message, n, job.size);
		int head_len = snprintf(head, sizeof head, "t%u APPEND INBOX {%zu+}\r\n", ++c.tag, len);
		memmove(message + head_len, message, len);
		memcpy(message, head, (size_t)head_len);
		memcpy(message + (size_t)head_len + len, "\r\n", 2);
		put(&c, message, (size_t)head_len + len + 2);
		finish(&c, NULL, NULL);
	}
	close(c.fd);
	free(c.in);
	free(message);
	return NULL;
}

/* Returns how long they took from the moment at which all were ready. */
static double in_threads(int count, void *(*function)(void *))
{
	pthread_t threads[THREADS_MAX];
	if (count > THREADS_MAX)
		die("too many connections");
	pthread_barrier_init(&job.ready, NULL, (unsigned)count + 1);
	for (int i = 0; i < count; i++)
		if (pthread_create(&threads[i], NULL, function, (void *)(intptr_t)i) != 0)
			die("thread");
	pthread_barrier_wait(&job.ready);
	double begin = now();
	for (int i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	return now() - begin;
}

static int run_append(char **argv)
{
	job.port = atoi(argv[0]);
	job.users = argv[1];
	job.password = argv[2];
	job.total = atol(argv[4]);
	job.size = (size_t)atol(argv[5]);
	printf("rate=%.1f\n", (double)job.total / in_threads(atoi(argv[3]), append_some));
	return 0;
}

/* ---- idle, tell ---- */

static void begin_idle(struct conn *c)
{
	char text[40];
	put(c, text, (size_t)snprintf(text, sizeof text, "t%u IDLE\r\n", ++c->tag));
	while (line(c)[0] != '+')
		;
}

static int run_idle(char **argv)
{
	int count = atoi(argv[3]);
	struct conn c = {0};
	char byte;
	for (int i = 0; i < count; i++) {
		log_in(&c, atoi(argv[0]), argv[1], argv[2], i);
		select_mailbox(&c, "INBOX", "");
		begin_idle(&c);
	}
	printf("idle=%d\n", count);
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	return 0;
}

static int run_tell(char **argv)
{
	size_t count = (size_t)atol(argv[3]);
	double *ms = calloc(count, sizeof *ms);
	struct conn listener = {0}, writer = {0};
	static char message[MESSAGE_ROOM];
	char head[100];
	log_in(&listener, atoi(argv[0]), argv[1], argv[2], 0);
	log_in(&writer, atoi(argv[0]), argv[1], argv[2], 0);
	select_mailbox(&listener, "INBOX", "");
	begin_idle(&listener);
	for (size_t i = 0; i < count; i++) {
		size_t len = make_message(message, (long)i, 2000);
		put(&writer, head,
		    (size_t)snprintf(head, sizeof head, "t%u APPEND INBOX {%zu+}\r\n", ++writer.tag, len));
		put(&writer, message, len);
		put(&writer, "\r\n", 2);
		finish(&writer, NULL, NULL);
		double begin = now();
		while (strstr(line(&listener), "EXISTS") == NULL)
			;
		ms[i] = (now() - begin) * 1e3;
	}
	print_times("tell", ms, count);
	return 0;
}

/* ---- sync ---- */

struct seen {
	unsigned long uidnext;
	unsigned long long modseq;
};

static void take_status(void *arg, const char *text)
{
	struct seen *seen = arg;
	const char *uidnext = strstr(text, "UIDNEXT "), *modseq = strstr(text, "HIGHESTMODSEQ ");
	if (uidnext)
		seen->uidnext = strtoul(uidnext + 8, NULL, 10);
	if (modseq)
		seen->modseq = strtoull(modseq + 14, NULL, 10);
}

static double *waits;
static atomic_size_t wait_count;
enum { WAITS_MAX = 4000000 };

static void timed(struct conn *c, const char *text, void (*untagged)(void *arg, const char *text), void *arg)
{
	double begin = now();
	command(c, text, untagged, arg);
	size_t at = atomic_fetch_add(&wait_count, 1);
	if (at < WAITS_MAX)
		waits[at] = (now() - begin) * 1e3;
}

/* As a mail program that comes by again and again: connects, selects, takes what is new and what has changed.
 */
static void *synchronise(void *arg)
{
	static pthread_mutex_t one_login = PTHREAD_MUTEX_INITIALIZER;
	struct conn c = {0};
	struct seen seen = {0};
	char text[200];
	/* A hundred hashes of passwords at once are what a server refuses, and are not measured here. */
	pthread_mutex_lock(&one_login);
	log_in(&c, job.port, job.users, job.password, (int)(intptr_t)arg);
	pthread_mutex_unlock(&one_login);
	pthread_barrier_wait(&job.ready);
	while (now() < job.until) {
		struct seen before = seen;
		timed(&c, "SELECT INBOX (CONDSTORE)", take_status, &seen);
		if (before.modseq && before.modseq < seen.modseq) {
			snprintf(text, sizeof text, "UID FETCH 1:%lu (FLAGS) (CHANGEDSINCE %llu)",
			    before.uidnext > 1 ? before.uidnext - 1 : 1, before.modseq);
			timed(&c, text, NULL, NULL);
		}
		if (before.uidnext && before.uidnext < seen.uidnext) {
			snprintf(text, sizeof text, "UID FETCH %lu:%lu (UID FLAGS ENVELOPE BODY.PEEK[])",
			    before.uidnext, seen.uidnext - 1);
			timed(&c, text, NULL, NULL);
		}
		timed(&c, "CLOSE", NULL, NULL);
		usleep(100000);
	}
	close(c.fd);
	free(c.in);
	return NULL;
}

static int run_sync(char **argv)
{
	job.port = atoi(argv[0]);
	job.users = argv[1];
	job.password = argv[2];
	job.until = now() + atof(argv[4]);
	waits = calloc(WAITS_MAX, sizeof *waits);
	in_threads(atoi(argv[3]), synchronise);
	print_times("wait", waits, wait_count < WAITS_MAX ? wait_count : WAITS_MAX);
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	if (strcmp(what, "run") == 0 && argc > 6)
		return run_commands(argc - 2, argv + 2);
	if (strcmp(what, "select") == 0 && argc == 7)
		return run_select(argv + 2);
	if (strcmp(what, "append") == 0 && argc == 8)
		return run_append(argv + 2);
	if (strcmp(what, "idle") == 0 && argc == 6)
		return run_idle(argv + 2);
	if (strcmp(what, "tell") == 0 && argc == 6)
		return run_tell(argv + 2);
	if (strcmp(what, "sync") == 0 && argc == 7)
		return run_sync(argv + 2);
	if (strcmp(what, "maildir") == 0 && argc == 5)
		return run_maildir(argv + 2);
	fprintf(stderr, "imap_load: see its source for how it is used\n");
	return 64;
}
