/* See trace_match.h. */
#include "trace/trace_match.h"

#include <stdio.h>
#include <string.h>

#include "base/log_line.h"
#include "format/date.h"
#include "trace/trace_subject.h"
#include "trace/trace_write.h"

enum {
	TEXT_MAX = LOG_TEXT_MAX, /* what may be searched for: a line holds no longer text */
	WORD_MIN = 5             /* octets of a word of a reply that may be somebody's id */
};

static void stamp_of(int64_t seconds, const char *fraction, char out[TRACE_STAMP_LEN + 1])
{
	int64_t days = seconds / 86400, year;
	unsigned rest = (unsigned)(seconds % 86400), month, day;
	char text[80];
	out[0] = '\0';
	if (seconds <= 0)
		return;
	civil_from_days(days, &year, &month, &day);
	int n = snprintf(text, sizeof text, "%04lld-%02u-%02uT%02u:%02u:%02u.%s", (long long)year, month, day,
	    rest / 3600, rest / 60 % 60, rest % 60, fraction);
	if (n == TRACE_STAMP_LEN)
		memcpy(out, text, TRACE_STAMP_LEN + 1);
}

/* The text as it stands in a line, where quotes and backslashes are escaped. */
static void prepare_needle(struct trace_match *m)
{
	struct log_line l = {.len = 0};
	struct log_field field = log_text("k", buf_view(&m->plain));
	log_line_field(&l, &field);
	struct view written = view_skip(view_of(l.data, l.len), 3);
	if (written.len > 1 && written.data[0] == '"')
		written = view_take(view_skip(written, 1), written.len - 2);
	buf_append(&m->needle, written);
}

bool trace_match_init(struct trace_match *m, const struct trace_query *query, struct view text)
{
	buf_init(&m->plain, TEXT_MAX);
	buf_init(&m->subject, TRACE_SUBJECT_MAX);
	buf_init(&m->needle, LOG_LINE_MAX);
	stamp_of(query->since, "000Z", m->since);
	stamp_of(query->until, "999Z", m->until);
	if (text.len > TEXT_MAX)
		return false;
	for (size_t i = 0; i < text.len; i++)
		buf_append_byte(&m->plain, ascii_lower(text.data[i]));
	trace_subject_words(query->subject, &m->subject);
	bool has_subject = buf_view(&m->subject).len > 0;
	if (query->subject.len > 0 && !has_subject)
		return false; /* it has no word */
	if (text.len > 0)
		prepare_needle(m);
	else if (has_subject)
		buf_append(&m->needle, view_take(buf_view(&m->subject), 10));
	else /* the end of "accepted" and "rejected" */
		buf_append_string(&m->needle, "ted ");
	return text.len > 0 || has_subject || m->since[0] || m->until[0];
}

void trace_match_done(struct trace_match *m)
{
	buf_done(&m->plain);
	buf_done(&m->subject);
	buf_done(&m->needle);
}

int trace_match_day(const struct trace_match *m, const char *day)
{
	if (m->since[0] && memcmp(day, m->since, TRACE_DAY_LEN) < 0)
		return -1;
	return m->until[0] && memcmp(day, m->until, TRACE_DAY_LEN) > 0;
}

/* ---- one field ---- */

static bool is_one_of(struct view key, const char *const keys[])
{
	for (size_t i = 0; keys[i]; i++)
		if (view_equal(key, view_from_string(keys[i])))
			return true;
	return false;
}

static bool is_word_byte(char c)
{
	return ascii_is_alnum(c) || c == '-' || c == '_' || c == '.' || c == '@' || c == '+' || c == '/';
}

/* Another host's id for a message stands somewhere in its reply. */
static bool has_word(struct view text, struct view wanted)
{
	bool digit = false;
	for (size_t i = 0; i < wanted.len; i++)
		digit = digit || (wanted.data[i] >= '0' && wanted.data[i] <= '9');
	if (wanted.len < WORD_MIN || !digit)
		return false;
	for (size_t at = 0; at < text.len;) {
		size_t end = at;
		while (end < text.len && is_word_byte(text.data[end]))
			end++;
		struct view word = view_take(view_skip(text, at), end - at);
		if (word.len > 0 && word.data[word.len - 1] == '.')
			word = view_take(word, word.len - 1);
		if (view_equal_nocase(word, wanted))
			return true;
		at = end + 1;
	}
	return false;
}

static bool value_fits(const struct trace_match *m, struct view key, struct view value)
{
	static const char *const addresses[] = {"recipient", "original", "sender", "account", "to", NULL};
	static const char *const identifiers[] = {"message_id", "session", NULL};
	struct view wanted = buf_view(&m->plain);
	struct buf text;
	bool address = is_one_of(key, addresses), reply = view_equal(key, VIEW("reply")), fits;
	if (!address && !reply && !is_one_of(key, identifiers))
		return false;
	buf_init(&text, LOG_LINE_MAX);
	log_value_append(value, &text);
	struct view v = buf_view(&text);
	if (address && wanted.data[0] == '@')
		fits = view_ends_nocase(v, wanted);
	else
		fits = reply ? has_word(v, wanted) : view_equal_nocase(v, wanted);
	buf_done(&text);
	return fits;
}

/* ---- one line ---- */

static bool subject_fits(const struct trace_match *m, struct view fields)
{
	struct view key, value;
	while (log_field_next(&fields, &key, &value))
		if (view_equal(key, VIEW("subject_words")))
			return trace_subject_fits(value, buf_view(&m->subject));
	return false;
}

bool trace_match_subject(const struct trace_match *m, struct view rest)
{
	struct view event;
	return view_next(&rest, ' ', &event) &&
	       view_equal(event, view_from_string(trace_kind_name(TRACE_ACCEPTED))) && subject_fits(m, rest);
}

static bool is_in_time(const struct trace_match *m, struct view stamp)
{
	return (m->since[0] == '\0' || view_compare(stamp, view_from_string(m->since)) >= 0) &&
	       (m->until[0] == '\0' || view_compare(stamp, view_from_string(m->until)) <= 0);
}

bool trace_match_line(const struct trace_match *m, struct view stamp, struct view rest)
{
	struct view event, key, value;
	if (!is_in_time(m, stamp))
		return false;
	if (buf_view(&m->plain).len == 0 && buf_view(&m->subject).len > 0)
		return trace_match_subject(m, rest);
	if (!view_next(&rest, ' ', &event))
		return false;
	if (buf_view(&m->plain).len == 0)
		return view_equal(event, view_from_string(trace_kind_name(TRACE_ACCEPTED))) ||
		       view_equal(event, view_from_string(trace_kind_name(TRACE_REJECTED)));
	while (log_field_next(&rest, &key, &value))
		if (value_fits(m, key, value))
			return true;
	return false;
}
