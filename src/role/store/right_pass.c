/* See right_pass.h. */
#include "role/store/right_pass.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "role/store/right.h"
#include "role/store/right_noted.h"

enum {
	/* Channels under way to the successor: far below what a socket and its sender's process may hold of
	   them. */
	UNDER_WAY_MAX = 64,
	/* Octets of what is gathered of maildrops and of answers: they are all in memory for a moment. Most
	   have some kilobytes. */
	GATHERED_MAX = 64 << 20
};

/* One that is to be passed: it owns what the message's views show. */
struct passing {
	struct passing *next;
	int fd;
	struct message_right_passed m;
	char *address, *client;
	struct buf unread, maildrop, unsent;
};

static struct {
	struct link link;
	struct passing *first, **end;
	size_t under_way, passed, ended;
	size_t gathered; /* octets of maildrops and answers */
	void (*done)(void);
} before;

/* ---- the store before ---- */

static void pause_one(void *arg, struct right *r)
{
	(void)arg;
	if (r->ended)
		return;
	channel_pause(&r->link.channel, true);
	right_read_stop(r);
}

void right_pass_pause(void)
{
	right_file_end_all();
	right_each(pause_one, NULL);
}

static void look(void *arg, struct right *r)
{
	bool *quiet = arg;
	*quiet = *quiet && (r->ended || right_is_quiet(r));
}

bool right_pass_is_quiet(void)
{
	bool quiet = true;
	right_each(look, &quiet);
	return quiet;
}

static void free_passing(struct passing *p)
{
	if (p->fd >= 0)
		close(p->fd);
	buf_done(&p->unread);
	buf_done(&p->maildrop);
	buf_done(&p->unsent);
	mem_free(p->address);
	mem_free(p->client);
	mem_free(p);
}

/* What the successor must know of what is under way. False: it has no room, or cannot go on with it. */
static bool gather_bytes(const struct right *r, struct passing *p)
{
	struct view unsent;
	buf_init(&p->unread, HANDOVER_UNREAD_MAX);
	buf_init(&p->maildrop, HANDOVER_MAILDROP_MAX);
	buf_init(&p->unsent, HANDOVER_UNSENT_MAX);
	if (!right_watch_pass(r, &p->unread) || !right_read_pass(r, &p->unread) ||
	    buf_append(&p->unread, channel_unread(&r->link.channel)) != 0 ||
	    !right_maildrop_pass(r, &p->maildrop) || !channel_unsent(&r->link.channel, &unsent) ||
	    buf_append(&p->unsent, unsent) != 0 || !noted_pass(r, &p->unsent))
		return false;
	size_t octets = p->maildrop.len + p->unsent.len;
	if (p->unread.len + octets > HANDOVER_ALL_MAX || before.gathered + octets > GATHERED_MAX)
		return false;
	before.gathered += octets;
	return true;
}

static bool gather(const struct right *r, struct passing *p)
{
	int64_t left = r->ends - clock_monotonic_ms();
	if (!right_is_quiet(r) || left <= 0 || !gather_bytes(r, p))
		return false;
	p->fd = fcntl(r->link.channel.fd, F_DUPFD_CLOEXEC, 3);
	p->address = r->address ? mem_string(view_from_string(r->address)) : NULL;
	p->client = r->client ? mem_string(view_from_string(r->client)) : NULL;
	p->m = (struct message_right_passed){.account = r->account,
	    .session = r->session,
	    .permissions = r->permissions,
	    .peer = r->link.peer,
	    .since = (uint64_t)r->since,
	    .left_ms = (uint64_t)left,
	    .is_branch = r->is_branch,
	    .address = view_from_string(p->address ? p->address : ""),
	    .client = view_from_string(p->client ? p->client : ""),
	    .service = view_from_string(r->service ? r->service : ""),
	    .unread = buf_view(&p->unread),
	    .has_maildrop = right_maildrop_is_open(r),
	    .maildrop = buf_view(&p->maildrop),
	    .unsent = buf_view(&p->unsent)};
	return p->fd >= 0;
}

static void gather_one(void *arg, struct right *r)
{
	(void)arg;
	/* An administrator's command asks again by itself; its tool is not of this server. */
	if (r->ended || r->link.peer == ROLE_ADMIN)
		return;
	struct passing *p = mem_alloc(sizeof *p);
	p->fd = -1;
	if (!gather(r, p)) {
		before.ended++;
		free_passing(p);
		return;
	}
	*before.end = p;
	before.end = &p->next;
}

void right_pass_gather(void)
{
	before.end = &before.first;
	before.gathered = 0;
	right_each(gather_one, NULL);
}

static void over(void)
{
	void (*done)(void) = before.done;
	while (before.first) {
		struct passing *p = before.first;
		before.first = p->next;
		free_passing(p);
		before.ended++;
	}
	before.done = NULL;
	if (done == NULL)
		return;
	log_event(LOG_INFO, "-", "sessions-passed", log_u64("passed", before.passed),
	    log_u64("ended", before.ended));
	done();
}

static void send_some(void)
{
	while (before.first && before.link.up && before.under_way < UNDER_WAY_MAX &&
	       (before.under_way == 0 || channel_backlog(&before.link.channel) < CHANNEL_HIGH_WATER)) {
		struct passing *p = before.first;
		int fd = p->fd;
		p->fd = -1;
		before.first = p->next;
		if (ipc_send(&before.link.channel, MESSAGE_RIGHT_PASSED, 0, &p->m, fd) == 0) {
			before.under_way++;
			before.passed++;
		} else {
			before.ended++;
		}
		free_passing(p);
	}
	if (before.under_way == 0)
		over();
}

static void successor_gone(struct link *link)
{
	(void)link;
	over();
}

void right_pass_send(struct role_process *p, int fd, void (*done)(void))
{
	before.done = done;
	link_open(&before.link, p, fd, ROLE_STORE, successor_gone, NULL);
	send_some();
}

static void on_taken(struct link *link, struct channel_frame *frame, const void *message)
{
	(void)link;
	(void)frame;
	(void)message;
	before.under_way -= before.under_way > 0;
	send_some();
}

/* ---- the successor ---- */

struct revoked {
	struct revoked *next;
	uint64_t account, session;
};

static struct {
	struct link link;
	struct revoked *revoked; /* since this store serves, while rights may still come */
} after;

void right_pass_revoke(uint64_t account, uint64_t session)
{
	if (!after.link.up)
		return;
	struct revoked *r = mem_alloc(sizeof *r);
	*r = (struct revoked){.next = after.revoked, .account = account, .session = session};
	after.revoked = r;
}

static bool is_revoked(const struct message_right_passed *m)
{
	const struct revoked *r = after.revoked;
	while (r && r->account != 0 &&
	       !(r->account == m->account && (r->session == 0 || r->session == m->session)))
		r = r->next;
	return r != NULL;
}

static void predecessor_gone(struct link *link)
{
	(void)link;
	while (after.revoked) {
		struct revoked *r = after.revoked;
		after.revoked = r->next;
		mem_free(r);
	}
}

static void on_passed(struct link *link, struct channel_frame *frame, const void *message)
{
	const struct message_right_passed *m = message;
	if (frame->fd >= 0 && !is_revoked(m)) {
		right_take(m, frame->fd);
		frame->fd = -1;
	}
	ipc_send(&link->channel, MESSAGE_RIGHT_TAKEN, 0, &(struct message_empty){0}, -1);
}

void right_pass_receive(struct role_process *p, int fd)
{
	link_open(&after.link, p, fd, ROLE_STORE, predecessor_gone, NULL);
}

const struct link_verb right_pass_verbs[] = {
    {MESSAGE_RIGHT_PASSED, on_passed},
    {MESSAGE_RIGHT_TAKEN, on_taken},
    {0},
};
