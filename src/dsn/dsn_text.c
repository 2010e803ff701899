/*
 * The human part of a report. It answers, in this order, what a person asks: which message, to whom, what
 * happened and why, what shall I do, what will you do; the technical words of the other side come behind
 * that, as a quotation.
 */
#include <string.h>

#include "base/utf8.h"
#include "dsn/dsn_private.h"

/* Puts a whole paragraph together before it is wrapped. */
struct paragraph {
	struct buf words;
};

static void begin(struct paragraph *p)
{
	buf_init(&p->words, 8192);
}

static void say(struct paragraph *p, const char *text)
{
	buf_append_string(&p->words, text);
}

static void say_text(struct paragraph *p, struct view text)
{
	dsn_put_clean(&p->words, text, true);
}

static void end(struct paragraph *p, struct buf *out, const char *indent)
{
	dsn_put_words(out, indent, buf_view(&p->words));
	buf_done(&p->words);
}

static void say_time(struct paragraph *p, const struct dsn_report *report, int64_t seconds)
{
	struct date date = {
	    .seconds = seconds, .offset_minutes = report->now.offset_minutes, .zone_known = true};
	if (date_write(&p->words, date) != 0)
		say(p, "an unknown time");
}

/* ---- one recipient ---- */

/* What the sender typed, and where that led. */
static void put_address(struct buf *out, const struct dsn_recipient *r)
{
	struct paragraph p;
	begin(&p);
	bool led = r->original.len && !view_equal_nocase(r->original, r->final);
	say_text(&p, led ? r->original : r->final);
	if (led) {
		say(&p, " (which leads to ");
		say_text(&p, r->final);
		say(&p, ")");
	}
	end(&p, out, "  ");
}

/* Giving up says nothing where it is known what went wrong before. */
static struct explanation explain(const struct dsn_recipient *r)
{
	struct dsn_outcome o = {.cause = r->trouble, .words = r->reply, .stage = r->stage};
	if (r->over == TROUBLE_NONE)
		o.status = dsn_status_of(r);
	else if (o.cause == TROUBLE_NONE && r->reply.len == 0)
		o.cause = r->over;
	return dsn_explain(&o);
}

static void put_reasons(struct buf *out, const struct dsn_report *report, const struct dsn_recipient *r)
{
	struct explanation e = explain(r);
	struct paragraph p;
	begin(&p);
	say(&p, e.meaning);
	if (r->action == DSN_FAILED && r->over == TROUBLE_EXPIRED) {
		say(&p, " It was tried for ");
		duration_write(&p.words, report->now.seconds - report->arrival);
		say(&p, " without success.");
	} else if (r->action == DSN_FAILED && r->over == TROUBLE_DEADLINE) {
		say(&p, " The time that you allowed for it has passed.");
	}
	end(&p, out, "    ");
	if (r->action != DSN_FAILED)
		return;
	begin(&p);
	say(&p, "What you can do: ");
	say(&p, e.advice);
	end(&p, out, "    ");
}

/* What that command means to somebody who has never heard of it. */
static const char *stage_words(struct view stage)
{
	static const struct {
		const char *stage, *words;
	} table[] = {{"connect", " when this server connected"}, {"greeting", " in its greeting"},
	    {"EHLO", " in its greeting"}, {"STARTTLS", " when the connection was to be encrypted"},
	    {"AUTH", " when this server logged in"}, {"MAIL", " about the sender's address"},
	    {"RCPT", " about the recipient's address"}, {"DATA", " about the message itself"},
	    {"end of data", " about the message itself"}};
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		if (view_equal_nocase(stage, view_from_string(table[i].stage)))
			return table[i].words;
	return "";
}

static void put_quotation(struct buf *out, struct view words)
{
	struct view line;
	while (view_next(&words, '\n', &line)) {
		struct paragraph p;
		if (view_trim(line).len == 0)
			continue;
		begin(&p);
		say_text(&p, view_trim(line));
		end(&p, out, "      > ");
	}
}

/* The host's words as a quotation, with who said them; or ours, as ours. */
static void put_words(struct buf *out, const struct dsn_recipient *r)
{
	struct paragraph p;
	struct buf own;
	bool host_said = dsn_host_said(r);
	buf_init(&own, DSN_REPLY_MAX + 200);
	if (!host_said)
		dsn_put_own_words(&own, r);
	if (!host_said && buf_view(&own).len == 0) {
		buf_done(&own);
		return;
	}
	begin(&p);
	if (host_said && r->remote.len) {
		say(&p, "The mail server ");
		say_text(&p, r->remote);
		say(&p, " said");
	} else {
		say(&p, host_said ? "The next mail server said" : "This server noted");
		if (r->remote.len && r->stage.len) {
			say(&p, " about ");
			say_text(&p, r->remote);
		}
	}
	if (host_said)
		say(&p, stage_words(r->stage));
	say(&p, ":");
	end(&p, out, "    ");
	put_quotation(out, host_said ? view_take(r->reply, DSN_REPLY_MAX) : buf_view(&own));
	buf_done(&own);
}

static void put_recipient(struct buf *out, const struct dsn_report *report, const struct dsn_recipient *r)
{
	put_address(out, r);
	if (r->action == DSN_FAILED || r->action == DSN_DELAYED) {
		put_reasons(out, report, r);
		put_words(out, r);
		buf_append_byte(out, '\n');
	} else if (r->action == DSN_RELAYED && r->remote.len) {
		struct paragraph p;
		begin(&p);
		say(&p, "Accepted by the mail server ");
		say_text(&p, r->remote);
		end(&p, out, "    ");
	}
}

/* ---- groups of recipients ---- */

size_t dsn_count(const struct dsn_report *report, enum dsn_action action)
{
	size_t n = 0;
	for (size_t i = 0; i < report->count; i++)
		n += report->recipients[i].action == action;
	return n;
}

static int64_t latest_retry(const struct dsn_report *report)
{
	int64_t until = 0;
	for (size_t i = 0; i < report->count; i++)
		if (report->recipients[i].action == DSN_DELAYED && report->recipients[i].retry_until > until)
			until = report->recipients[i].retry_until;
	return until;
}

static void put_heading(
    struct buf *out, const struct dsn_report *report, enum dsn_action action, size_t count)
{
	static const char *const words[DSN_ACTIONS] = {
	    [DSN_FAILED] = "Your message could not be delivered, and will not be tried again, to ",
	    [DSN_DELAYED] = "Your message has not been delivered yet to ",
	    [DSN_DELIVERED] = "Your message was delivered to ",
	    [DSN_RELAYED] =
	        "Your message was passed on to another mail server, which may not report back to you, for ",
	    [DSN_EXPANDED] = "Your message was passed on to everyone that stands behind ",
	};
	struct paragraph p;
	begin(&p);
	say(&p, words[action]);
	say(&p, count == 1 ? "this address:" : "these addresses:");
	end(&p, out, "");
	buf_append_byte(out, '\n');
	if (action != DSN_DELAYED)
		return;
	begin(&p);
	say(&p, "You do not need to do anything now: this server keeps trying");
	int64_t until = latest_retry(report);
	if (until > 0) {
		say(&p, " until ");
		say_time(&p, report, until);
	}
	say(&p, ", and you will be told if it gives up.");
	end(&p, out, "");
	buf_append_byte(out, '\n');
}

static void put_group(struct buf *out, const struct dsn_report *report, enum dsn_action action)
{
	size_t count = dsn_count(report, action), shown = 0;
	if (count == 0)
		return;
	put_heading(out, report, action, count);
	for (size_t i = 0; i < report->count && shown < DSN_SENTENCES_MAX; i++) {
		if (report->recipients[i].action != action)
			continue;
		put_recipient(out, report, &report->recipients[i]);
		shown++;
	}
	if (shown < count)
		buf_printf(out, "  ... and %zu more; the second part of this report lists them all.\n",
		    count - shown);
	if (action != DSN_FAILED && action != DSN_DELAYED)
		buf_append_byte(out, '\n');
}

/* ---- the whole ---- */

static void put_message(struct buf *out, const struct dsn_report *report)
{
	struct paragraph p;
	buf_append_string(out, "About your message:\n\n");
	if (report->original_subject.len) {
		begin(&p);
		say(&p, "Subject: ");
		say_text(&p, utf8_cut(report->original_subject, DSN_SUBJECT_MAX));
		end(&p, out, "  ");
	}
	begin(&p);
	say(&p, "Accepted by ");
	say_text(&p, report->reporting_mta);
	say(&p, " on ");
	say_time(&p, report, report->arrival);
	end(&p, out, "  ");
	buf_append_byte(out, '\n');
}

static void put_ending(struct buf *out, const struct dsn_report *report)
{
	struct paragraph p;
	begin(&p);
	say(&p, "This report was written by the mail server ");
	say_text(&p, report->reporting_mta);
	say(&p, ".");
	if (report->postmaster.len) {
		say(&p, " If you need help, write to ");
		say_text(&p, report->postmaster);
		if (report->queue_id.len) {
			say(&p, " and name the reference ");
			say_text(&p, report->queue_id);
		}
		say(&p, ".");
	}
	if (report->what == DSN_RETURN_MESSAGE)
		say(&p, " Your message is attached.");
	else if (report->what == DSN_RETURN_HEADERS)
		say(&p, " The beginning of your message is attached.");
	end(&p, out, "");
}

void dsn_put_explanation(struct buf *out, const struct dsn_report *report)
{
	static const enum dsn_action order[] = {
	    DSN_FAILED, DSN_DELAYED, DSN_EXPANDED, DSN_RELAYED, DSN_DELIVERED};
	for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
		put_group(out, report, order[i]);
	put_message(out, report);
	put_ending(out, report);
}
