/* The tests date and currentdate: RFC 5260 sections 4 and 5. */
#include "sieve/sieve_date.h"

#include "sieve/sieve_fields.h"
#include "sieve/sieve_match.h"

#include <stdlib.h>

static const struct sieve_tag date_tags[] = {
    {"zone", SIEVE_X_DATE, 1, {"a time zone", SIEVE_STRING, SIEVE_USE_ZONE}, false},
    {"originalzone", SIEVE_X_DATE, 1, {NULL, SIEVE_NOTHING, SIEVE_USE_TEXT}, false},
};

enum { ZONE, ORIGINALZONE };

/* Section 4.3. The parts' names have been judged; nothing is appended for another one. */
void sieve_date_write(struct buf *out, struct date date, struct view part)
{
	int64_t local = date.seconds + date.offset_minutes * 60, days = local / 86400 - (local % 86400 < 0),
	        year;
	int second = (int)(local - days * 86400), zone = abs(date.offset_minutes);
	char sign = date.offset_minutes < 0 ? '-' : '+';
	unsigned month, day;

	civil_from_days(days, &year, &month, &day);
	if (view_equal_nocase(part, VIEW("year")))
		buf_printf(out, "%04d", (int)year);
	else if (view_equal_nocase(part, VIEW("month")))
		buf_printf(out, "%02u", month);
	else if (view_equal_nocase(part, VIEW("day")))
		buf_printf(out, "%02u", day);
	else if (view_equal_nocase(part, VIEW("date")))
		buf_printf(out, "%04d-%02u-%02u", (int)year, month, day);
	else if (view_equal_nocase(part, VIEW("julian"))) /* the modified Julian day: 40587 is 1970-01-01 */
		buf_printf(out, "%lld", (long long)days + 40587);
	else if (view_equal_nocase(part, VIEW("hour")))
		buf_printf(out, "%02d", second / 3600);
	else if (view_equal_nocase(part, VIEW("minute")))
		buf_printf(out, "%02d", second / 60 % 60);
	else if (view_equal_nocase(part, VIEW("second")))
		buf_printf(out, "%02d", second % 60);
	else if (view_equal_nocase(part, VIEW("time")))
		buf_printf(out, "%02d:%02d:%02d", second / 3600, second / 60 % 60, second % 60);
	else if (view_equal_nocase(part, VIEW("iso8601")))
		buf_printf(out, "%04d-%02u-%02uT%02d:%02d:%02d%c%02d:%02d", (int)year, month, day,
		    second / 3600, second / 60 % 60, second % 60, sign, zone / 60, zone % 60);
	else if (view_equal_nocase(part, VIEW("std11")))
		date_write(out, date);
	else if (view_equal_nocase(part, VIEW("zone")))
		buf_printf(out, "%c%02d%02d", sign, zone / 60, zone % 60);
	else if (view_equal_nocase(part, VIEW("weekday"))) /* 0 is Sunday, and 1970 began on a Thursday */
		buf_printf(out, "%d", (int)(((days + 4) % 7 + 7) % 7));
}

struct dating {
	struct sieve_matching m;
	struct view part;
	bool original; /* the date's own zone counts, else `zone` */
	int16_t zone;
};

static enum sieve_truth match_date(struct dating *d, struct date date)
{
	struct view text;
	struct buf out;
	bool good;

	if (!d->original)
		date.offset_minutes = d->zone;
	date.zone_known = true;
	buf_init(&out, SIEVE_DATE_PART_MAX);
	sieve_date_write(&out, date, d->part);
	good = arena_copy(d->m.run->arena, buf_view(&out), &text);
	buf_done(&out);
	return good ? sieve_matching_value(&d->m, text) : sieve_run_no_memory(d->m.run);
}

/* The date of a field: what stands behind the last semicolon, as in Received, or all of it. */
static enum sieve_truth match_field(struct sieve_run *run, struct sieve_field *field, void *arg)
{
	struct view text = field->body;
	ptrdiff_t semicolon = view_find_last(text, ';');
	struct date date;

	(void)run;
	if (semicolon >= 0)
		text = view_skip(text, (size_t)semicolon + 1);
	return date_parse(text, &date) == 0 ? match_date(arg, date) : SIEVE_FALSE;
}

bool sieve_date_zone(struct sieve_run *run, const struct sieve_value *zone, int16_t *minutes)
{
	struct view text;

	if (zone->kind == SIEVE_ABSENT)
		return true;
	if (!sieve_run_text(run, zone->strings[0], &text))
		return false;
	if (sieve_use_problem(SIEVE_USE_ZONE, text)) {
		sieve_run_fail(run, "the script asks for a time in a zone that there is not");
		return false;
	}
	*minutes = (int16_t)((text.data[1] - '0') * 600 + (text.data[2] - '0') * 60 +
	                     (text.data[3] - '0') * 10 + (text.data[4] - '0'));
	if (text.data[0] == '-')
		*minutes = (int16_t) - *minutes;
	return true;
}

/* Takes the zone, the part's name and the keys; `first` is the positional argument with the name. */
static bool begin(struct dating *d, struct sieve_run *run, const struct sieve_step *step, size_t first)
{
	*d = (struct dating){.zone = run->world->zone_minutes};
	d->original = first == 1 && sieve_tag(step, ORIGINALZONE)->kind != SIEVE_ABSENT;
	return sieve_run_text(run, sieve_positional(step, first)->strings[0], &d->part) &&
	       sieve_matching_begin(&d->m, run, step, sieve_positional(step, first + 1)) &&
	       sieve_date_zone(run, sieve_tag(step, ZONE), &d->zone);
}

static enum sieve_truth test_date(struct sieve_run *run, const struct sieve_step *step)
{
	struct sieve_step first = *step;
	enum sieve_truth truth;
	struct view name;
	struct dating d;

	if (!first.index)
		first.index = 1; /* section 4: of several fields the first one counts */
	if (!begin(&d, run, step, 1) || !sieve_run_text(run, sieve_positional(step, 0)->strings[0], &name))
		return SIEVE_BROKEN;
	truth = sieve_each_field(run, &first, name, match_field, &d);
	return truth == SIEVE_FALSE ? sieve_matching_end(&d.m) : truth;
}

static enum sieve_truth test_currentdate(struct sieve_run *run, const struct sieve_step *step)
{
	enum sieve_truth truth;
	struct dating d;

	if (!begin(&d, run, step, 0))
		return SIEVE_BROKEN;
	truth = match_date(&d, (struct date){.seconds = run->world->now});
	return truth == SIEVE_FALSE ? sieve_matching_end(&d.m) : truth;
}

static const struct sieve_word words[] = {
    {.name = "date",
        .kind = SIEVE_TEST,
        .extension = SIEVE_X_DATE,
        .positionals = {{"a header's name", SIEVE_STRING, SIEVE_USE_HEADER},
            {"a part of the date", SIEVE_STRING, SIEVE_USE_DATE_PART},
            {"keys", SIEVE_STRING_LIST, SIEVE_USE_TEXT}},
        .tags = date_tags,
        .tag_count = 2,
        .has = SIEVE_HAS_MATCH | SIEVE_HAS_INDEX,
        .test = test_date},
    {.name = "currentdate",
        .kind = SIEVE_TEST,
        .extension = SIEVE_X_DATE,
        .positionals = {{"a part of the date", SIEVE_STRING, SIEVE_USE_DATE_PART},
            {"keys", SIEVE_STRING_LIST, SIEVE_USE_TEXT}},
        .tags = date_tags,
        .tag_count = 1, /* now has no zone of its own */
        .has = SIEVE_HAS_MATCH,
        .test = test_currentdate},
};
const struct sieve_words sieve_x_date = {words, sizeof(words) / sizeof(words[0])};
