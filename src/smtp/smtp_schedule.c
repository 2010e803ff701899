/*
 * When a message is to be sent, and how urgently: MT-PRIORITY (RFC 6710), BY (RFC 2852), HOLDFOR and
 * HOLDUNTIL (RFC 4865). Times are made absolute here, at MAIL, which is what they count from.
 */
#include <inttypes.h>

#include "format/date.h"
#include "smtp/smtp_private.h"

static bool is_known(const struct smtp_session *s)
{
	return s->config.kind != SMTP_LMTP;
}

static bool may_hold(const struct smtp_session *s)
{
	return s->config.kind == SMTP_SUBMISSION && s->config.hold_max > 0;
}

void smtp_announce_schedule(struct smtp_session *s)
{
	if (!is_known(s))
		return;
	buf_printf(s->out, "250-MT-PRIORITY\r\n250-DELIVERBY %u\r\n", (unsigned)SMTP_DELIVER_BY_MIN);
	if (!may_hold(s))
		return;
	struct date latest = {.seconds = s->backend->now(s->arg) + s->config.hold_max, .zone_known = true};
	buf_printf(s->out, "250-FUTURERELEASE %" PRIu32 " ", s->config.hold_max);
	date_write_rfc3339(s->out, latest);
	buf_append(s->out, VIEW("\r\n"));
}

static enum smtp_schedule refuse(struct smtp_session *s, unsigned code, const char *text)
{
	smtp_fault(s, code, "5.5.4", text);
	return SCHEDULE_REFUSED;
}

/* One digit, with "-" before all but 0. The parameter is read from everybody, and believed only of
 * trusted clients. */
static enum smtp_schedule take_priority(struct smtp_session *s, struct view value)
{
	bool negative = view_starts(value, VIEW("-"));
	struct view digit = view_skip(value, negative);
	if (digit.len != 1 || !ascii_is_digit(digit.data[0]) || (negative && digit.data[0] == '0'))
		return refuse(s, 501, "MT-PRIORITY takes a number from -9 to 9");
	int priority = digit.data[0] - '0';
	bool believed = s->config.kind == SMTP_SUBMISSION || s->config.trusted;
	s->envelope.terms.has_priority = believed;
	s->envelope.terms.priority = believed ? negative ? -priority : priority : 0;
	s->priority_ignored = !believed && priority != 0;
	return SCHEDULE_TAKEN;
}

/* by-time ";" by-mode [by-trace] */
static enum smtp_schedule take_deliver_by(struct smtp_session *s, struct view value)
{
	struct view number, mode = value;
	uint64_t n = 0;
	bool good = view_next(&mode, ';', &number) && (mode.len == 1 || mode.len == 2);
	bool negative = good && view_starts(number, VIEW("-"));
	number = view_skip(number, negative || (good && view_starts(number, VIEW("+"))));
	char kind = good ? ascii_lower(mode.data[0]) : '\0';
	good = good && number.len <= 9 && view_to_u64(number, SMTP_BY_SECONDS_MAX, &n) &&
	       (kind == 'r' || kind == 'n') && (mode.len == 1 || ascii_lower(mode.data[1]) == 't') &&
	       (kind == 'n' || (n > 0 && !negative));
	if (!good)
		return refuse(s, 501, "BY takes seconds, a semicolon, R or N, and optionally T");
	if (kind == 'r' && n < SMTP_DELIVER_BY_MIN)
		return refuse(s, 555, "this server does not promise delivery in so short a time");
	s->envelope.terms.by_mode = kind == 'r' ? SMTP_BY_RETURN : SMTP_BY_NOTIFY;
	s->envelope.terms.by_trace = mode.len == 2;
	s->envelope.terms.by_time = s->backend->now(s->arg) + (negative ? -(int64_t)n : (int64_t)n);
	return SCHEDULE_TAKEN;
}

static enum smtp_schedule hold(struct smtp_session *s, int64_t until)
{
	int64_t now = s->backend->now(s->arg);
	if (s->held)
		return refuse(s, 501, "HOLDFOR or HOLDUNTIL may be given once, and not both");
	if (until > now + s->config.hold_max)
		return refuse(s, 501, "this server does not hold messages for so long");
	s->held = true;
	s->envelope.terms.hold_until = until > now ? until : 0;
	return SCHEDULE_TAKEN;
}

static enum smtp_schedule take_hold_for(struct smtp_session *s, struct view value)
{
	uint64_t seconds;
	if (value.len > 9 || !view_to_u64(value, SMTP_BY_SECONDS_MAX, &seconds) || seconds == 0)
		return refuse(s, 501, "HOLDFOR takes a number of seconds");
	return hold(s, s->backend->now(s->arg) + (int64_t)seconds);
}

/* RFC 3339, and nothing of what else our reader of dates understands. */
static enum smtp_schedule take_hold_until(struct smtp_session *s, struct view value)
{
	struct date date;
	bool good = value.len >= 20 && value.len <= 40 && ascii_lower(value.data[10]) == 't' &&
	            date_parse(value, &date) == 0 && date.zone_known;
	if (!good)
		return refuse(s, 501, "HOLDUNTIL takes a time in the form of RFC 3339");
	return hold(s, date.seconds);
}

enum smtp_schedule smtp_schedule_parameter(struct smtp_session *s, struct view name, struct view value)
{
	if (is_known(s) && view_equal_nocase(name, VIEW("MT-PRIORITY")))
		return take_priority(s, value);
	if (is_known(s) && view_equal_nocase(name, VIEW("BY")))
		return take_deliver_by(s, value);
	if (may_hold(s) && view_equal_nocase(name, VIEW("HOLDFOR")))
		return take_hold_for(s, value);
	if (may_hold(s) && view_equal_nocase(name, VIEW("HOLDUNTIL")))
		return take_hold_until(s, value);
	return SCHEDULE_UNKNOWN;
}

bool smtp_schedule_agrees(struct smtp_session *s)
{
	const struct smtp_envelope *e = &s->envelope;
	if (e->terms.by_mode != SMTP_BY_RETURN || e->terms.hold_until == 0 ||
	    e->terms.by_time > e->terms.hold_until)
		return true;
	refuse(s, 501, "the message must be delivered before it may be sent");
	return false;
}
