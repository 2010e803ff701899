/*
 * A round of reports: see relay_report.h. One subject after the other, and of one subject one letter after
 * the other: reports are in no hurry, and mail goes first.
 */
#include "role/relay/report/relay_report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "role/relay/relay_state.h"
#include "role/relay/report/relay_report_post.h"
#include "role/relay/report/relay_report_write.h"
#include "process/letter.h"
#include "process/tallies.h"
#include "report/report_wish.h"
#include "trust/sender/report_uri.h"

enum {
	FIRST_MS = 5 * 60 * 1000, /* after the start: mail that waited goes first */
	LOOK_MS = 20 * 60 * 1000,
	COUNTS_MS = 300,                   /* for store to keep the last counts */
	LATER_MS_MAX = 4 * 60 * 60 * 1000, /* between rounds of what could not be sent: doubled up to this */
	/* RFC 8460 section 5.5: a host that takes no report is asked for a day after it was due. */
	POST_SECONDS = 86400 + 3600,
	/* Until a day that has ended is reported on: its last counts arrive, and not all servers of the world
	   write at midnight. */
	SETTLE_SECONDS = 600,
	JITTER_SECONDS = 3000,
	MEMORY_MAX = 16 << 20, /* of one subject: 5,000 rows */
	GROUPS_MAX = 50,       /* policies of one subject on one day */
	FIRST_ROWS = 32,
	LETTER_BYTES = 48 << 20
};

/* As ledger/tally.h has them; the same numbers as enum report_kind. Failures are reported by smtp. */
enum { KINDS = REPORT_TLS + 1 };

struct subject {
	uint64_t day, left_out;
	char name[256];
};

static struct {
	struct loop_timer timer, now; /* now: a round that somebody has asked for begins */
	uint64_t tickets[8];          /* of those who wait for the round to end */
	size_t ticket_count;
	bool running, again; /* again: somebody asked while a round ran */
	bool ready;
	uint64_t reported; /* the last day that a round was complete for */
	int64_t later_ms;  /* since rounds were not complete: how long to wait, from when on */
	int64_t not_before;
	int64_t jitter;

	/* The turn. */
	unsigned kind;
	uint64_t before;
	struct subject at;
	uint64_t sent, unwanted, later;

	/* The subject. */
	struct arena arena;
	struct relay_report_group groups[GROUPS_MAX];
	size_t group_count, group;
	uint64_t place_policy, place_row;
	bool listing_begun;
	bool past_groups; /* what is listed now is of a policy past GROUPS_MAX */
	bool trouble;     /* something of this subject is to be tried again */
	struct lookup lookup;
	bool looking;
	struct report_uris uris;
	size_t uri;
	struct relay_report report;
	bool has_report;
	struct letter_way way;
	struct letter *letter;
	struct relay_report_post *post;
	uint32_t request;
} turn;

static void next_subject(void);
static void list_more(void);
static void next_group(void);
static void next_letter(void);

/* ---- the end of a subject, and of a round ---- */

static void free_report(void)
{
	if (turn.has_report)
		buf_done(&turn.report.document);
	turn.has_report = false;
}

static void free_subject(void)
{
	for (size_t i = 0; i < turn.group_count; i++)
		mem_free(turn.groups[i].rows);
	turn.group_count = turn.group = 0;
	free_report();
	if (turn.looking)
		lookup_done(&turn.lookup);
	turn.looking = false;
	arena_done(&turn.arena);
}

static void tell_end(int error)
{
	for (size_t i = 0; i < turn.ticket_count; i++) {
		struct message_report_round m = {.ticket = turn.tickets[i],
		    .error = error,
		    .sent = turn.sent,
		    .unwanted = turn.unwanted,
		    .later = turn.later};
		if (relay_role.store.link.up)
			ipc_send(&relay_role.store.link.channel, MESSAGE_REPORT_ROUND, 0, &m, -1);
	}
	turn.ticket_count = 0;
}

static void begin_round(uint64_t before);

static void end_round(int error)
{
	turn.running = false;
	if (turn.sent + turn.later > 0 || error)
		log_event(LOG_INFO, "-", "reports-sent", log_u64("sent", turn.sent),
		    log_u64("unwanted", turn.unwanted), log_u64("later", turn.later),
		    log_i64("error", error));
	if (error == 0 && turn.later == 0) {
		turn.reported = turn.before;
		turn.later_ms = 0;
	} else {
		turn.later_ms = turn.later_ms == 0 ? LOOK_MS : 2 * turn.later_ms;
		if (turn.later_ms > LATER_MS_MAX)
			turn.later_ms = LATER_MS_MAX;
	}
	turn.not_before = clock_monotonic_ms() + turn.later_ms;
	if (turn.again) {
		turn.again = false;
		begin_round((uint64_t)clock_wall() / 86400 + 1);
		return;
	}
	tell_end(error);
}

/* Store, dns or keys is away: the rest of the round waits for the next one. */
static void give_up(int error)
{
	free_subject();
	end_round(error);
}

static bool on_dropped(void *arg, struct link *link, struct channel_frame *frame)
{
	struct message_result m = {.error = -EAGAIN};
	(void)arg;
	if (frame && !link_decode(link, frame, &m))
		return false;
	turn.request = 0;
	free_subject();
	if (m.error)
		end_round((int)m.error);
	else
		next_subject();
	return true;
}

static void end_subject(void)
{
	if (turn.trouble) {
		turn.later++;
		free_subject();
		next_subject();
		return;
	}
	struct message_tally_drop m = {
	    .kind = turn.kind, .day = turn.at.day, .subject = view_from_string(turn.at.name)};
	turn.request = calls_ask(&relay_role.store, MESSAGE_TALLY_DROP, &m, on_dropped, NULL);
	if (turn.request == 0)
		give_up(-EAGAIN);
}

/* ---- letters ---- */

static void sender_of(struct relay_report_sender *from, char email[600])
{
	const struct settings *s = &relay_role.process->settings;
	snprintf(email, 600, "postmaster@%.*s", VIEW_FMT(s->hostname));
	*from = (struct relay_report_sender){.org = s->report_org.len ? s->report_org : s->hostname,
	    .email = s->report_from.len ? s->report_from : view_from_string(email),
	    .hostname = s->hostname};
}

static void letter_ended(void *arg, enum letter_end how)
{
	(void)arg;
	turn.letter = NULL;
	turn.sent += how == LETTER_SENT;
	turn.trouble = turn.trouble || how == LETTER_LATER;
	log_event(how == LETTER_SENT ? LOG_INFO : LOG_WARNING, "-", "report-sent",
	    log_string("kind", turn.kind == REPORT_TLS ? "tls" : "dmarc"), log_string("domain", turn.at.name),
	    log_text("to", turn.uris.items[turn.uri - 1].address), log_u64("messages", turn.report.messages),
	    log_string("outcome", how == LETTER_SENT    ? "sent"
	                          : how == LETTER_LATER ? "later"
	                                                : "no such address"));
	next_letter();
}

static void write_letter(const struct report_uri *uri)
{
	struct relay_report_sender from;
	char email[600];
	struct buf text;
	sender_of(&from, email);
	buf_init(&text, LETTER_BYTES);
	int error = relay_report_letter(
	    &turn.report, view_from_string(turn.at.name), uri->address, &from, clock_wall(), &text);
	ptrdiff_t at = view_find_last(from.email, '@');
	/* RFC 9990, "Transport": one that is larger than its reader wants is not sent. */
	bool too_large = uri->size_max > 0 && buf_view(&text).len > uri->size_max;
	if (error == 0 && !too_large) {
		const struct letter_request r = {.way = &turn.way,
		    .address = uri->address,
		    .domain = at < 0 ? from.hostname : view_skip(from.email, (size_t)at + 1),
		    .text = buf_view(&text),
		    .id = turn.report.message,
		    .client = VIEW("this server, reporting to another domain"),
		    .done = letter_ended};
		turn.letter = letter_send(&r);
	} else {
		turn.unwanted += too_large;
		turn.trouble = turn.trouble || error;
		next_letter();
	}
	buf_done(&text);
}

static void posted(void *arg, enum letter_end how, const char *why)
{
	(void)arg;
	turn.post = NULL;
	bool given_up =
	    how == LETTER_LATER && clock_wall() > (int64_t)(turn.at.day + 1) * 86400 + POST_SECONDS;
	turn.sent += how == LETTER_SENT;
	turn.unwanted += given_up;
	turn.trouble = turn.trouble || (how == LETTER_LATER && !given_up);
	log_event(how == LETTER_SENT ? LOG_INFO : LOG_WARNING, "-", "report-sent", log_string("kind", "tls"),
	    log_string("domain", turn.at.name), log_text("to", turn.uris.items[turn.uri - 1].address),
	    log_u64("messages", turn.report.messages),
	    log_string("outcome", how == LETTER_SENT ? "sent"
	                          : given_up         ? "given up"
	                                             : "later"),
	    log_string("reason", why));
	next_letter();
}

/* RFC 8460 section 5.4. */
static void post(const struct report_uri *uri)
{
	int error = relay_report_post_send(uri, buf_view(&turn.report.document), posted, NULL, &turn.post);
	if (error == 0)
		return;
	log_event(LOG_WARNING, "-", "report-not-sent", log_string("domain", turn.at.name),
	    log_text("to", uri->address), log_errno(error));
	turn.unwanted += error == -E2BIG;
	turn.trouble = turn.trouble || error != -E2BIG;
	next_letter();
}

static void next_letter(void)
{
	while (turn.uri < turn.uris.count) {
		const struct report_uri *uri = &turn.uris.items[turn.uri++];
		if (uri->https)
			post(uri);
		else
			write_letter(uri);
		return;
	}
	free_report();
	turn.group++;
	next_group();
}

/* ---- to whom ---- */

static int make_report(void)
{
	struct relay_report_sender from;
	char email[600];
	int64_t now = clock_wall();
	sender_of(&from, email);
	turn.has_report = true;
	if (turn.kind == REPORT_TLS)
		return relay_report_tls(turn.groups, turn.group_count, view_from_string(turn.at.name),
		    (uint32_t)turn.at.day, now, &from, &turn.report);
	return relay_report_dmarc(
	    &turn.groups[turn.group], (uint32_t)turn.at.day, now, turn.at.left_out, &from, &turn.report);
}

static void addressed(void)
{
	lookup_done(&turn.lookup);
	turn.looking = false;
	turn.trouble = turn.trouble || turn.uris.later;
	turn.uri = 0;
	if (turn.uris.count == 0) {
		turn.unwanted += !turn.uris.later && (turn.kind == REPORT_DMARC || turn.uris.asked);
		turn.group = turn.kind == REPORT_TLS ? turn.group_count : turn.group + 1;
		next_group();
		return;
	}
	int error = make_report();
	if (error == -ENOMEM)
		turn.trouble = true;
	if (error) {
		free_report();
		turn.uris.count = 0;
	}
	if (turn.kind == REPORT_TLS)
		turn.group = turn.group_count - 1; /* it was of all of them */
	next_letter();
}

static void look(void *arg)
{
	struct arena *arena = &turn.arena;
	struct report_wish wish;
	bool known = true;
	(void)arg;
	if (turn.kind == REPORT_TLS) {
		known = report_uris_tls(&turn.lookup.answers, turn.at.name, arena, &turn.uris);
	} else if (codec_decode(turn.groups[turn.group].policy, &report_wish_schema, &wish, arena) == 0) {
		known =
		    report_uris_dmarc(&turn.lookup.answers, turn.at.name, wish.rua, "rua", arena, &turn.uris);
	} else {
		turn.uris = (struct report_uris){.count = 0};
	}
	if (known)
		addressed();
	else
		lookup_ask(&turn.lookup);
}

static void next_group(void)
{
	if (turn.group >= turn.group_count) {
		end_subject();
		return;
	}
	relay_lookup_init(&turn.lookup, look, NULL);
	turn.looking = true;
	lookup_ask(&turn.lookup); /* asks nothing yet: look begins at the end of the turn */
}

/* ---- what a subject has ---- */

static bool take_row(struct relay_report_group *g, const struct message_tally *m)
{
	if (g->count == g->room) {
		size_t room = g->room ? 2 * g->room : FIRST_ROWS;
		struct relay_report_row *rows = mem_try_resize(g->rows, room * sizeof *rows);
		if (rows == NULL)
			return false;
		g->rows = rows;
		g->room = room;
	}
	struct relay_report_row *row = &g->rows[g->count];
	row->count = m->count;
	if (!arena_copy(&turn.arena, m->row, &row->bytes))
		return false;
	g->count++;
	return true;
}

static bool take_tallies(const struct message_tally_rows *m)
{
	const struct message_tally *list = m->tallies.items;
	for (size_t i = 0; i < m->tallies.count; i++) {
		if (list[i].policy.len > 0) {
			/* A domain that changes its policy so often is told how many messages came under
			 * those that are not listed. */
			turn.past_groups = turn.group_count == GROUPS_MAX;
			if (turn.past_groups)
				continue;
			struct relay_report_group *g = &turn.groups[turn.group_count];
			*g = (struct relay_report_group){.count = 0};
			if (!arena_copy(&turn.arena, list[i].policy, &g->policy))
				return false;
			turn.group_count++;
		} else if (turn.past_groups) {
			turn.at.left_out += list[i].count;
		} else if (turn.group_count > 0 && !take_row(&turn.groups[turn.group_count - 1], &list[i])) {
			return false;
		}
	}
	return true;
}

static bool on_rows(void *arg, struct link *link, struct channel_frame *frame)
{
	struct message_tally_rows m = {.error = -EAGAIN};
	(void)arg;
	if (frame && !link_decode(link, frame, &m))
		return false;
	turn.request = 0;
	if (m.error || !take_tallies(&m)) {
		give_up(m.error ? (int)m.error : -ENOMEM);
		return true;
	}
	turn.listing_begun = true;
	turn.place_policy = m.policy;
	turn.place_row = m.row;
	if (m.more)
		list_more();
	else
		next_group();
	return true;
}

static void list_more(void)
{
	struct message_tally_list m = {.kind = turn.kind,
	    .day = turn.at.day,
	    .begun = turn.listing_begun,
	    .policy = turn.place_policy,
	    .row = turn.place_row,
	    .subject = view_from_string(turn.at.name)};
	turn.request = calls_ask(&relay_role.store, MESSAGE_TALLY_LIST, &m, on_rows, NULL);
	if (turn.request == 0)
		give_up(-EAGAIN);
}

static bool on_subject(void *arg, struct link *link, struct channel_frame *frame)
{
	struct message_tally_subject m = {.error = -EAGAIN};
	(void)arg;
	if (frame && !link_decode(link, frame, &m))
		return false;
	turn.request = 0;
	if (m.error == -ENOENT) {
		turn.kind++;
		turn.at = (struct subject){0};
		next_subject();
	} else if (m.error) {
		end_round((int)m.error);
	} else {
		turn.at = (struct subject){.day = m.day, .left_out = m.left_out};
		snprintf(turn.at.name, sizeof turn.at.name, "%.*s", VIEW_FMT(m.subject));
		arena_init(&turn.arena, MEMORY_MAX);
		turn.trouble = turn.listing_begun = turn.past_groups = false;
		turn.place_policy = turn.place_row = 0;
		list_more();
	}
	return true;
}

static void next_subject(void)
{
	if (turn.kind == KINDS || relay_role.draining) {
		end_round(0);
		return;
	}
	struct message_tally_next m = {.kind = turn.kind,
	    .before = turn.before,
	    .day = turn.at.day,
	    .subject = view_from_string(turn.at.name)};
	turn.request = calls_ask(&relay_role.store, MESSAGE_TALLY_NEXT, &m, on_subject, NULL);
	if (turn.request == 0)
		end_round(-EAGAIN);
}

/* ---- when ---- */

static void begin_round(uint64_t before)
{
	turn.running = true;
	turn.kind = 1;
	turn.before = before;
	turn.at = (struct subject){0};
	turn.sent = turn.unwanted = turn.later = 0;
	next_subject();
}

static void on_timer(void *arg)
{
	int64_t settled = clock_wall() - SETTLE_SECONDS - turn.jitter;
	uint64_t today = settled > 0 ? (uint64_t)settled / 86400 : 0;
	(void)arg;
	loop_timer_set(&turn.timer, LOOK_MS);
	if (!turn.running && relay_role.process->settings.reports && relay_role.store.link.up &&
	    !relay_role.draining && turn.reported != today && clock_monotonic_ms() >= turn.not_before)
		begin_round(today);
}

static void on_now(void *arg)
{
	(void)arg;
	if (turn.running)
		turn.again = true;
	else if (!relay_role.draining)
		begin_round((uint64_t)clock_wall() / 86400 + 1);
}

void relay_report_now(struct link *link, struct channel_frame *frame, const void *message)
{
	const struct message_report_now *m = message;
	(void)link;
	(void)frame;
	if (turn.ticket_count == sizeof turn.tickets / sizeof turn.tickets[0]) {
		struct message_report_round busy = {.ticket = m->ticket, .error = -EBUSY};
		ipc_send(&relay_role.store.link.channel, MESSAGE_REPORT_ROUND, 0, &busy, -1);
		return;
	}
	turn.tickets[turn.ticket_count++] = m->ticket;
	/* What came a moment ago is meant as well: its counts reach store within a second. */
	loop_timer_set(&turn.now, TALLIES_SOON_MS + COUNTS_MS);
}

void relay_report_start(void)
{
	turn.jitter = random_below(JITTER_SECONDS);
	turn.ready = true;
	turn.way = (struct letter_way){.process = relay_role.process,
	    .store = &relay_role.store,
	    .auth = &relay_role.auth,
	    .keys = &relay_role.keys};
	loop_timer_init(&turn.timer, &relay_role.process->loop, on_timer, NULL);
	loop_timer_init(&turn.now, &relay_role.process->loop, on_now, NULL);
	loop_timer_set(&turn.timer, FIRST_MS);
}

/* What was asked of the last store has been answered with failure; whoever waited there waits no more. */
void relay_report_link(void)
{
	turn.ticket_count = 0;
}

void relay_report_stop(void)
{
	if (!turn.ready)
		return;
	loop_timer_cancel(&turn.timer);
	loop_timer_cancel(&turn.now);
	letter_free(turn.letter);
	turn.letter = NULL;
	relay_report_post_free(turn.post);
	turn.post = NULL;
	if (turn.request)
		calls_forget(&relay_role.store, turn.request);
	turn.request = 0;
	if (turn.running)
		free_subject();
	turn.running = false;
}
