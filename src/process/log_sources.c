/* See log_sources.h. */
#include "process/log_sources.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log_line.h"
#include "base/mem.h"

enum {
	SHARE = 32, /* packets of one source in one pass: one that floods leaves the others their turn */
	PASSES_A_TURN = 8,    /* the master's word to stop must be heard too */
	DRAIN_PASSES = 20000, /* all that 64 sockets of a megabyte can hold */
	OUTPUT_MAX = 1 << 20,
	WRITE_AT = 64 * 1024,
	PACKETS_MAX = 2 * SHARE * LOG_SOURCES_MAX, /* of a pass, and what the one before has kept */
	SOCKET_SIZE = 1 << 20
};

struct log_source {
	struct log_source *next;
	struct loop_watch watch;
	const char *role;
	int fd;
	bool ended;
};

struct log_packet {
	int64_t sent; /* ns */
	uint64_t sequence;
	const char *role;
	char *data; /* owned */
	size_t len, cut;
	bool kept;
};

/* ---- one packet ---- */

static int append_event(struct buf *out, const char *role, const char *event, struct log_field field)
{
	struct log_line l = {.len = 0};
	log_line_head(&l, LOG_WARNING, role, "-", event);
	log_line_field(&l, &field);
	log_line_end(&l);
	return buf_append(out, view_of(l.data, l.len));
}

int log_packet_append(struct buf *out, const char *role, struct view packet, size_t cut)
{
	struct view line;
	int error = 0;
	if (cut == 0 && log_line_is_good(packet, role))
		return buf_append(out, packet);
	for (int lines = 0; lines < LOG_STRAY_LINES_MAX && error == 0 && view_next(&packet, '\n', &line);) {
		if (line.len == 0)
			continue;
		error = append_event(out, role, "stray-line", log_text("text", line));
		lines++;
	}
	if (error == 0 && packet.len + cut > 0)
		error = append_event(out, role, "stray-lines-cut", log_u64("octets", packet.len + cut));
	return error;
}

/* ---- reading ---- */

static int64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* When the kernel took it from its sender. */
static int64_t sent_at(struct msghdr *m)
{
	struct timespec t;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&t, CMSG_DATA(c), sizeof t);
		return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
	}
	return now_ns();
}

static void keep(struct log_sources *s, const char *role, int64_t sent, struct view bytes, size_t cut)
{
	char *data = mem_try(bytes.len ? bytes.len : 1);
	if (data == NULL) {
		s->lost++;
		return;
	}
	memcpy(data, bytes.data, bytes.len);
	s->packets[s->packet_count++] = (struct log_packet){.sent = sent,
	    .sequence = s->sequence++,
	    .role = role,
	    .data = data,
	    .len = bytes.len,
	    .cut = cut};
}

/*
 * Takes a source's share. Where that does not empty it, nothing later than its last packet may be written
 * yet: false, and *until is the time of that.
 */
static bool read_source(struct log_sources *s, struct log_source *source, int64_t *until)
{
	static char bytes[LOG_PACKET_MAX];
	int64_t sent = 0;
	for (int n = 0; n < SHARE; n++) {
		union {
			struct cmsghdr align;
			char bytes[CMSG_SPACE(sizeof(struct timespec))];
		} control;
		struct iovec room = {.iov_base = bytes, .iov_len = sizeof bytes};
		struct msghdr m = {.msg_iov = &room,
		    .msg_iovlen = 1,
		    .msg_control = control.bytes,
		    .msg_controllen = sizeof control.bytes};
		ssize_t len = recvmsg(source->fd, &m, MSG_DONTWAIT | MSG_TRUNC);
		if (len < 0 && (errno == EAGAIN || errno == EINTR))
			return true;
		if (len <= 0) {
			/* An empty packet counts as the end: no process of ours sends one, and it loses its
			 * own lines only. */
			source->ended = true;
			return true;
		}
		size_t kept = (size_t)len < sizeof bytes ? (size_t)len : sizeof bytes;
		sent = sent_at(&m);
		keep(s, source->role, sent, view_of(bytes, kept), (size_t)len - kept);
	}
	*until = sent < *until ? sent : *until;
	return false;
}

static int earlier(const void *a, const void *b)
{
	const struct log_packet *x = a, *y = b;
	if (x->sent != y->sent)
		return x->sent < y->sent ? -1 : 1;
	return x->sequence < y->sequence ? -1 : x->sequence > y->sequence;
}

/* ---- writing ---- */

static void flush(struct log_sources *s, struct buf *out, size_t at_least)
{
	if (buf_view(out).len < at_least)
		return;
	s->write(buf_view(out), s->arg);
	buf_clear(out);
}

/*
 * What was sent until then; the rest stays for the next pass, where all that came before it is known. No
 * packet stays twice: a clock that was set back keeps no line.
 */
static void write_packets(struct log_sources *s, int64_t until)
{
	struct buf out;
	size_t left = 0;
	buf_init(&out, OUTPUT_MAX);
	if (s->packet_count > 1)
		qsort(s->packets, s->packet_count, sizeof *s->packets, earlier);
	for (size_t i = 0; i < s->packet_count; i++) {
		struct log_packet p = s->packets[i];
		if (!p.kept && p.sent > until) {
			p.kept = true;
			s->packets[left++] = p;
			continue;
		}
		if (log_packet_append(&out, p.role, view_of(p.data, p.len), p.cut) != 0)
			s->lost++;
		mem_free(p.data);
		flush(s, &out, WRITE_AT);
	}
	s->packet_count = left;
	if (s->lost && append_event(&out, "log", "lines-lost", log_u64("lines", s->lost)) == 0)
		s->lost = 0;
	flush(s, &out, 1);
	buf_done(&out);
}

/* One pass over all sources. True when there may be more to read, or something was kept. */
static bool pass(struct log_sources *s)
{
	bool emptied = true;
	int64_t until = now_ns();
	for (struct log_source *source = s->first; source; source = source->next)
		if (!source->ended)
			emptied = read_source(s, source, &until) && emptied;
	write_packets(s, until);
	for (struct log_source *source = s->first; source; source = source->next) {
		if (!source->ended || !loop_watch_is_on(&source->watch))
			continue;
		loop_watch_off(&source->watch);
		loop_task_schedule(&s->sweep);
	}
	return !emptied || s->packet_count > 0;
}

static void on_input(void *arg)
{
	struct log_sources *s = arg;
	bool more = true;
	for (int i = 0; more && i < PASSES_A_TURN; i++)
		more = pass(s);
	if (more)
		loop_timer_set(&s->again, 0);
}

void log_sources_drain(struct log_sources *s)
{
	for (int i = 0; i < DRAIN_PASSES && pass(s); i++)
		;
}

/* ---- sources ---- */

static void sweep(void *arg)
{
	struct log_sources *s = arg;
	struct log_source **at = &s->first;
	while (*at) {
		struct log_source *source = *at;
		if (!source->ended) {
			at = &source->next;
			continue;
		}
		*at = source->next;
		s->count--;
		close(source->fd);
		mem_free(source);
	}
}

void log_sources_init(
    struct log_sources *s, struct loop *loop, void (*write)(struct view lines, void *arg), void *arg)
{
	*s = (struct log_sources){.loop = loop, .write = write, .arg = arg};
	s->packets = mem_array(PACKETS_MAX, sizeof *s->packets);
	loop_timer_init(&s->again, loop, on_input, s);
	loop_task_init(&s->sweep, loop, sweep, s);
}

void log_sources_done(struct log_sources *s)
{
	loop_timer_cancel(&s->again);
	loop_task_cancel(&s->sweep);
	for (struct log_source *source = s->first; source; source = source->next) {
		if (loop_watch_is_on(&source->watch))
			loop_watch_off(&source->watch);
		source->ended = true;
	}
	sweep(s);
	for (size_t i = 0; i < s->packet_count; i++)
		mem_free(s->packets[i].data);
	mem_free(s->packets);
	*s = (struct log_sources){0};
}

void log_sources_add(struct log_sources *s, int fd, const char *role)
{
	if (s->count == LOG_SOURCES_MAX) {
		close(fd); /* its process is told by each send, and counts the lines that it can't write */
		return;
	}
	struct log_source *source = mem_alloc(sizeof *source);
	source->role = role;
	source->fd = fd;
	loop_watch_init(&source->watch, s->loop, fd, LOOP_READ, on_input, s);
	struct log_source **end = &s->first;
	while (*end)
		end = &(*end)->next;
	*end = source;
	s->count++;
	if (s->on)
		loop_watch_on(&source->watch);
}

void log_sources_start(struct log_sources *s)
{
	s->on = true;
	for (struct log_source *source = s->first; source; source = source->next)
		if (!source->ended && !loop_watch_is_on(&source->watch))
			loop_watch_on(&source->watch);
}

int log_source_pair(int pair[2])
{
	int size = SOCKET_SIZE, on = 1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return -errno;
	setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	setsockopt(pair[0], SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
	return 0;
}
