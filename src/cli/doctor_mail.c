/* doctor: the store, the queue, and the addresses that everybody may write to (RFC 5321 section 4.5.1, RFC
 * 2142). */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/doctor.h"
#include "cli/doctor_talk.h"
#include "cli/store_client.h"
#include "config/listen_address.h"
#include "format/json_read.h"
#include "format/plain.h"

enum {
	ANSWER_MAX = 16 << 20,
	TREE_MAX = 1 << 20,
	DESTINATIONS_MAX = 200, /* that are told apart */
	DESTINATIONS_TOLD = 5
};

/* ---- questions to the store ---- */

static void gather(struct view text, bool last, void *arg)
{
	(void)last;
	buf_append(arg, text);
}

/* The answer's text; false when there is none. */
static bool ask(struct doctor *d, const char *const *words, size_t count, struct buf *answer)
{
	struct view list[8];
	int fd = store_client_connect(d->settings);
	if (fd < 0)
		return false;
	for (size_t i = 0; i < count; i++)
		list[i] = view_from_string(words[i]);
	buf_init(answer, ANSWER_MAX);
	if (store_client_ask(fd, list, count, true, gather, answer) == 0)
		return true;
	buf_done(answer);
	return false;
}

/* The object in the last line: progress may stand before it. */
static bool last_object(const struct buf *answer, struct arena *arena, struct json_value *out)
{
	struct view text = view_trim(buf_view(answer)), line = text;
	ptrdiff_t end = view_find_last(text, '\n');
	if (end >= 0)
		line = view_skip(text, (size_t)end + 1);
	return json_parse(line, arena, out) == 0 || json_parse(text, arena, out) == 0;
}

/* ---- the store ---- */

static void check_store(struct doctor *d)
{
	static const char *const words[] = {"stats"};
	struct buf answer;
	struct arena arena;
	struct json_value stats;
	if (!ask(d, words, 1, &answer))
		return;
	arena_init(&arena, TREE_MAX);
	if (last_object(&answer, &arena, &stats)) {
		int64_t damaged = json_number_of(&stats, "damaged");
		char what[100];
		snprintf(what, sizeof what, "%" PRId64 " messages or files are damaged", damaged);
		bool well = true;
		if (json_number_of(&stats, "read_only") || json_true_of(&stats, "read_only"))
			doctor_tell(d, DOCTOR_ERROR, "store", "it only reads, since the disk failed",
			    "no mail is taken",
			    "look at the log and at dmesg, mend the disk, then restart the server"),
			    well = false;
		if (json_number_of(&stats, "stuck") || json_true_of(&stats, "stuck"))
			doctor_tell(d, DOCTOR_ERROR, "store", "it cannot go on", "no mail is taken",
			    "look at the log, then restart the server"),
			    well = false;
		if (damaged > 0)
			doctor_tell(d, DOCTOR_ERROR, "store", what, "this mail cannot be read",
			    "postrider store check names it; bring it back from a backup"),
			    well = false;
		if (well)
			doctor_tell(d, DOCTOR_OK, "store", "it is well", NULL, NULL);
	}
	arena_done(&arena);
	buf_done(&answer);
}

/* ---- the queue ---- */

struct failing {
	char name[256], why[256];
	unsigned messages;
	int64_t failures, since;
};

struct failings {
	struct failing rows[DESTINATIONS_MAX];
	size_t count;
};

static void note_destination(struct failings *all, const struct json_value *destination)
{
	char name[256];
	size_t i = 0;
	if (json_number_of(destination, "failures") == 0)
		return;
	snprintf(name, sizeof name, "%.*s", VIEW_FMT(view_take(json_text_of(destination, "name"), 255)));
	while (i < all->count && strcmp(all->rows[i].name, name) != 0)
		i++;
	if (i == DESTINATIONS_MAX)
		return;
	struct failing *f = &all->rows[i];
	if (i == all->count) {
		all->count++;
		strcpy(f->name, name);
		f->failures = json_number_of(destination, "failures");
		f->since = json_number_of(destination, "failing_since");
		snprintf(f->why, sizeof f->why, "%.*s",
		    VIEW_FMT(view_take(json_text_of(destination, "last_error"), 255)));
	}
	f->messages++;
}

static void note_line(struct failings *all, struct view line)
{
	struct arena arena;
	struct json_value message;
	arena_init(&arena, TREE_MAX);
	if (json_parse(line, &arena, &message) == 0) {
		const struct json_value *list = json_member(&message, "destinations");
		for (const struct json_value *v = list ? list->first : NULL; v; v = v->next)
			note_destination(all, v);
	}
	arena_done(&arena);
}

static void tell_failing(struct doctor *d, struct failings *all)
{
	char what[1200], mend[800];
	for (unsigned told = 0; told < DESTINATIONS_TOLD; told++) {
		struct failing *worst = NULL;
		for (size_t i = 0; i < all->count; i++)
			if (all->rows[i].messages &&
			    (worst == NULL || all->rows[i].messages > worst->messages))
				worst = &all->rows[i];
		if (worst == NULL)
			return;
		struct buf since;
		buf_init(&since, 100);
		plain_time(&since, worst->since);
		snprintf(what, sizeof what, "%u message%s for %s wait%s; it has failed since %s: %s",
		    worst->messages, worst->messages == 1 ? "" : "s", worst->name,
		    worst->messages == 1 ? "s" : "", buf_string(&since), worst->why);
		buf_done(&since);
		snprintf(mend, sizeof mend,
		    "postrider queue list --domain %s; when it is mended: postrider queue retry --domain %s",
		    worst->name, worst->name);
		doctor_tell(d, DOCTOR_WARNING, "queue", what,
		    "mail is late, and returned to its senders in the end", mend);
		worst->messages = 0;
	}
	unsigned more = 0;
	for (size_t i = 0; i < all->count; i++)
		more += all->rows[i].messages > 0;
	snprintf(what, sizeof what, "%u more destinations fail", more);
	if (more)
		doctor_tell(d, DOCTOR_WARNING, "queue", what, "mail is late", "postrider queue list");
}

static void check_destinations(struct doctor *d)
{
	static const char *const words[] = {"queue", "list"};
	struct buf answer;
	struct view rest, line;
	if (!ask(d, words, 2, &answer))
		return;
	struct failings *all = mem_alloc(sizeof *all);
	for (rest = buf_view(&answer); rest.len && view_next(&rest, '\n', &line);)
		note_line(all, line);
	tell_failing(d, all);
	mem_free(all);
	buf_done(&answer);
}

/* Somebody wanted it so, and may have forgotten it. */
static void tell_paused(struct doctor *d, const struct json_value *stats)
{
	char what[600], mend[400];
	const struct json_value *list = json_member(stats, "paused");
	for (const struct json_value *p = list ? list->first : NULL; p; p = p->next) {
		struct view name = view_take(json_text_of(p, "destination"), 255);
		bool all = name.len == 0 || view_equal(name, VIEW("*"));
		snprintf(what, sizeof what, "mail to %.*s is paused: %.*s", all ? 13 : (int)name.len,
		    all ? "other servers" : name.data, VIEW_FMT(view_take(json_text_of(p, "why"), 200)));
		snprintf(mend, sizeof mend, "postrider queue resume%s%.*s", all ? "" : " --destination ",
		    all ? 0 : (int)name.len, all ? "" : name.data);
		doctor_tell(d, DOCTOR_WARNING, "queue", what,
		    "it waits, and is returned to its senders in the end", mend);
	}
}

static void check_queue(struct doctor *d)
{
	static const char *const words[] = {"queue", "stats"};
	struct buf answer;
	struct arena arena;
	struct json_value stats;
	char what[200], since[40];
	if (!ask(d, words, 2, &answer))
		return;
	arena_init(&arena, TREE_MAX);
	if (last_object(&answer, &arena, &stats)) {
		int64_t messages = json_number_of(&stats, "messages"), held = json_number_of(&stats, "held"),
		        oldest = json_number_of(&stats, "oldest"),
		        hours = oldest ? (clock_wall() - oldest) / 3600 : 0;
		snprintf(since, sizeof since, "%" PRId64 " hour%s", hours, hours == 1 ? "" : "s");
		snprintf(what, sizeof what, "%" PRId64 " message%s, the oldest for %s", messages,
		    messages == 1 ? " waits" : "s wait", hours ? since : "less than an hour");
		uint64_t patience = d->settings->queue_warn_hours ? d->settings->queue_warn_hours : 4;
		bool late = messages > 0 && hours >= (int64_t)patience;
		doctor_tell(d, late ? DOCTOR_WARNING : DOCTOR_OK, "queue", messages ? what : "it is empty",
		    late ? "mail is late, and returned to its senders in the end" : NULL,
		    late ? "postrider queue list says why each message waits" : NULL);
		snprintf(what, sizeof what, "%" PRId64 " message%s held", held, held == 1 ? " is" : "s are");
		if (held > 0)
			doctor_tell(d, DOCTOR_NOTE, "queue", what, "they go nowhere until they are released",
			    "postrider queue release ID");
		tell_paused(d, &stats);
	}
	arena_done(&arena);
	buf_done(&answer);
	check_destinations(d);
}

/* ---- addresses that everybody may write to ---- */

static struct talk *open_smtp(struct doctor *d)
{
	struct view rest = d->settings->smtp_listen, text;
	struct sockaddr_storage address;
	socklen_t len;
	const char *problem;
	while (rest.len && view_next(&rest, '\n', &text)) {
		struct talk *t = mem_alloc(sizeof *t);
		if (listen_address_parse(text, &address, &len, &problem) == 0 &&
		    talk_open(t, &address) == 0 && talk_ask(t, NULL, talk_smtp_reply).len > 0 &&
		    talk_ask(t, "EHLO doctor.invalid\r\n", talk_smtp_reply).len > 0)
			return t;
		if (t->loop.base)
			talk_close(t);
		mem_free(t);
	}
	return NULL;
}

/* 2, 4, 5: what the server says to mail for this address; 0: nothing. */
static char answer_for(struct talk *t, const char *address)
{
	char command[400];
	talk_ask(t, "RSET\r\n", talk_smtp_reply);
	talk_ask(t, "MAIL FROM:<>\r\n", talk_smtp_reply);
	snprintf(command, sizeof command, "RCPT TO:<%s>\r\n", address);
	struct view reply = talk_ask(t, command, talk_smtp_reply);
	return reply.len ? reply.data[0] : '\0';
}

static void check_address(struct doctor *d, struct talk *t, const char *local, const char *domain)
{
	char address[300], where[300], mend[500];
	bool postmaster = strcmp(local, "postmaster") == 0;
	snprintf(address, sizeof address, "%s%s%s", local, domain ? "@" : "", domain ? domain : "");
	snprintf(where, sizeof where, "%s", domain ? domain : "this server");
	if (postmaster)
		snprintf(mend, sizeof mend, "postrider alias postmaster ADDRESS");
	else
		snprintf(mend, sizeof mend, "postrider alias add %s postmaster@%s", address, domain);
	switch (answer_for(t, address)) {
	case '2':
		snprintf(mend, sizeof mend, "mail to %s is taken", address);
		doctor_tell(d, DOCTOR_OK, where, mend, NULL, NULL);
		break;
	case '5': {
		char what[400];
		snprintf(what, sizeof what, "mail to %s is refused", address);
		doctor_tell(d, postmaster ? DOCTOR_ERROR : DOCTOR_NOTE, where, what,
		    postmaster ? "other administrators cannot tell you of trouble, which RFC 5321 demands"
		               : "complaints of spam do not reach you, and others block the server instead "
		                 "(RFC 2142)",
		    mend);
		break;
	}
	default:
		snprintf(mend, sizeof mend, "whether mail to %s is taken cannot be seen now", address);
		doctor_tell(d, DOCTOR_NOTE, where, mend, NULL, NULL);
	}
}

static void check_addresses(struct doctor *d)
{
	struct talk *t = open_smtp(d);
	if (t == NULL)
		return;
	check_address(d, t, "postmaster", NULL);
	for (size_t i = 0; i < d->domain_count; i++) {
		check_address(d, t, "postmaster", d->domains[i]);
		check_address(d, t, "abuse", d->domains[i]);
	}
	talk_close(t);
	mem_free(t);
}

void doctor_mail(struct doctor *d)
{
	if (d->master == 0)
		return;
	check_store(d);
	check_queue(d);
	check_addresses(d);
}
