/* Values as JMAP has them (RFC 8620 section 1): numbers, ids, dates, states; JSON written again. */
#include "jmap/jmap_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/date.h"

enum { SECONDS_A_DAY = 86400 };
static const json_int_t largest = ((json_int_t)1 << 53) - 1;

struct view jmap_string(const json_t *value)
{
	if (!json_is_string(value))
		return (struct view){0};
	return view_of(json_string_value(value), json_string_length(value));
}

/* ---- numbers ---- */

bool jmap_is_int(const json_t *value, int64_t *n)
{
	double real;

	if (json_is_integer(value)) {
		json_int_t number = json_integer_value(value);
		if (number < -largest || number > largest)
			return false;
		*n = number;
		return true;
	}
	/* "1.0" and "1e3" are whole numbers, though nobody should write them so. */
	if (!json_is_real(value))
		return false;
	real = json_real_value(value);
	if (real < (double)-largest || real > (double)largest || real != (double)(int64_t)real)
		return false;
	*n = (int64_t)real;
	return true;
}

bool jmap_is_unsigned(const json_t *value, uint64_t *n)
{
	int64_t number;

	if (!jmap_is_int(value, &number) || number < 0)
		return false;
	*n = (uint64_t)number;
	return true;
}

/* ---- ids and states ---- */

bool jmap_is_id(struct view text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!ascii_is_alnum(text.data[i]) && text.data[i] != '-' && text.data[i] != '_')
			return false;
	return text.len > 0 && text.len < 256;
}

void jmap_put_id(struct json_out *w, char letter, uint64_t account, uint64_t number)
{
	char text[MAIL_ID_MAX];

	json_out_string(w, view_of(text, mail_id_write(text, letter, account, number)));
}

void jmap_put_state(struct json_out *w, const char *name, struct jmap_state state)
{
	const uint64_t numbers[] = {state.modseq, state.access, state.part, state.until};
	size_t count = state.until ? 4 : state.part ? 3 : state.access ? 2 : 1, len = 0;
	char text[100];

	for (size_t i = 0; i < count; i++)
		len += (size_t)snprintf(
		    text + len, sizeof text - len, "%s%llu", i ? "-" : "", (unsigned long long)numbers[i]);
	json_out_name(w, view_from_string(name));
	json_out_string(w, view_of(text, len));
}

bool jmap_state_read(struct view text, struct jmap_state *state)
{
	uint64_t numbers[4] = {0};
	size_t count = 0;
	struct view digits;

	while (view_next(&text, '-', &digits)) {
		if (count == 4 || (digits.len > 1 && digits.data[0] == '0') ||
		    !view_to_u64(digits, UINT64_MAX, &numbers[count++]))
			return false;
	}
	/* Nothing is written that could be left out. */
	if (count == 0 || (count > 1 && numbers[count - 1] == 0))
		return false;
	*state = (struct jmap_state){numbers[0], numbers[1], numbers[2], numbers[3]};
	return true;
}

bool jmap_state_equal(struct jmap_state a, struct jmap_state b)
{
	return a.modseq == b.modseq && a.access == b.access && a.part == b.part && a.until == b.until;
}

/* ---- dates ---- */

/* So many digits, and what stands behind them. */
static bool digits(struct view *text, size_t count, char behind, unsigned *n)
{
	*n = 0;
	if (text->len < count + (behind != 0))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!ascii_is_digit(text->data[i]))
			return false;
		*n = *n * 10 + (unsigned)(text->data[i] - '0');
	}
	if (behind && text->data[count] != behind)
		return false;
	*text = view_skip(*text, count + (behind != 0));
	return true;
}

static bool read_zone(struct view text, int *minutes)
{
	unsigned hour, minute;
	bool east = text.len > 0 && text.data[0] == '+';

	*minutes = 0;
	if (view_equal(text, VIEW("Z")))
		return true;
	if (text.len != 6 || (!east && text.data[0] != '-'))
		return false;
	text = view_skip(text, 1);
	if (!digits(&text, 2, ':', &hour) || !digits(&text, 2, 0, &minute) || hour > 23 || minute > 59)
		return false;
	*minutes = (int)(hour * 60 + minute) * (east ? 1 : -1);
	return true;
}

static unsigned days_of(unsigned year, unsigned month)
{
	static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return month == 2 && leap ? 29 : days[month - 1];
}

bool jmap_date_read(struct view text, int64_t *seconds, int *offset_minutes)
{
	unsigned year, month, day, hour, minute, second;
	int zone;

	if (!digits(&text, 4, '-', &year) || !digits(&text, 2, '-', &month) || !digits(&text, 2, 'T', &day) ||
	    !digits(&text, 2, ':', &hour) || !digits(&text, 2, ':', &minute) ||
	    !digits(&text, 2, 0, &second) || month < 1 || month > 12 || day < 1 ||
	    day > days_of(year, month) || hour > 23 || minute > 59 || second > 60)
		return false;
	if (text.len && text.data[0] == '.') { /* time-secfrac; what is below a second is cut off */
		size_t n = 1;
		while (n < text.len && ascii_is_digit(text.data[n]))
			n++;
		if (n == 1)
			return false;
		text = view_skip(text, n);
	}
	if (!read_zone(text, &zone) || (offset_minutes == NULL && !view_equal(text, VIEW("Z"))))
		return false;
	*seconds = days_from_civil(year, month, day) * SECONDS_A_DAY + hour * 3600 + minute * 60 + second -
	           zone * 60;
	if (offset_minutes)
		*offset_minutes = zone;
	return true;
}

void jmap_put_date(struct json_out *w, int64_t seconds, int offset_minutes)
{
	int64_t local = seconds + offset_minutes * 60,
	        days = local / SECONDS_A_DAY - (local % SECONDS_A_DAY < 0), year;
	unsigned month, day, second = (unsigned)(local - days * SECONDS_A_DAY),
	                     zone = (unsigned)abs(offset_minutes);
	char text[64];
	int len;

	civil_from_days(days, &year, &month, &day);
	year = year < 0 ? 0 : year > 9999 ? 9999 : year; /* the grammar has four digits */
	len = snprintf(text, sizeof text, "%04d-%02u-%02uT%02u:%02u:%02u", (int)year, month, day,
	    second / 3600, second / 60 % 60, second % 60);
	if (zone == 0)
		len += snprintf(text + len, sizeof text - (size_t)len, "Z");
	else
		len += snprintf(text + len, sizeof text - (size_t)len, "%c%02u:%02u",
		    offset_minutes < 0 ? '-' : '+', zone / 60 % 24, zone % 60);
	json_out_string(w, view_of(text, (size_t)len));
}

void jmap_put_utc_date(struct json_out *w, int64_t seconds)
{
	jmap_put_date(w, seconds, 0);
}

uint64_t jmap_hash(uint64_t hash, struct view text)
{
	for (size_t i = 0; i < text.len; i++)
		hash = (hash ^ (unsigned char)text.data[i]) * UINT64_C(0x100000001b3);
	return (hash ^ 0xff) * UINT64_C(0x100000001b3); /* no octet of UTF-8: it parts two texts */
}

/* ---- JSON as it is ---- */

static void put_real(struct json_out *w, double real)
{
	char text[40];
	int len = snprintf(text, sizeof text, "%.15g", real);

	if (strtod(text, NULL) != real)
		len = snprintf(text, sizeof text, "%.17g", real);
	json_out_raw(w, view_of(text, (size_t)len));
}

void jmap_put_json(struct json_out *w, const json_t *value)
{
	size_t i;
	const char *key;
	json_t *item;

	/* Once there is no room, the rest would be walked for nothing. */
	if (buf_failed(w->out))
		return;
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		json_out_object(w);
		json_object_foreach((json_t *)(uintptr_t)value, key, item)
		{
			json_out_name(w, view_from_string(key));
			jmap_put_json(w, item);
		}
		json_out_end(w);
		break;
	case JSON_ARRAY:
		json_out_array(w);
		json_array_foreach(value, i, item) jmap_put_json(w, item);
		json_out_end(w);
		break;
	case JSON_STRING:
		json_out_string(w, jmap_string(value));
		break;
	case JSON_INTEGER:
		json_out_number(w, json_integer_value(value));
		break;
	case JSON_REAL:
		put_real(w, json_real_value(value));
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		json_out_bool(w, json_is_true(value));
		break;
	default:
		json_out_null(w);
		break;
	}
}
