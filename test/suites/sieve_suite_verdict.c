/*
 * What Dovecot knows by its settings of a message's badness and of lists, for the driver of its suite: a
 * value is read out of a header field, a list out of a file.
 */
#include "sieve_suite.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct view setting_of(const char *extension, const char *name)
{
	char whole[100];

	snprintf(whole, sizeof(whole), "sieve_%s_%s", extension, name);
	return suite_setting(whole);
}

/* What the first group of the pattern finds. */
static bool find(struct view pattern, struct view text, struct view *found)
{
	char *expression = strndup(pattern.data, pattern.len), *subject = strndup(text.data, text.len);
	regmatch_t groups[2];
	regex_t regex;
	bool good = false;

	if (regcomp(&regex, expression, REG_EXTENDED) == 0) {
		good = regexec(&regex, subject, 2, groups, 0) == 0 && groups[1].rm_so >= 0;
		if (good)
			*found = view_take(view_skip(text, (size_t)groups[1].rm_so),
			    (size_t)(groups[1].rm_eo - groups[1].rm_so));
		regfree(&regex);
	}
	free(expression);
	free(subject);
	return good;
}

/* The text that a specification "Field:pattern" or "Field" finds in the message. */
static bool read_field(struct view specification, struct view *text)
{
	ptrdiff_t colon = view_find(specification, ':');
	struct view name = colon < 0 ? specification : view_take(specification, (size_t)colon), value;
	struct sieve_field *fields;
	size_t count;

	if (sieve_message_fields(suite.message, &fields, &count) != 0)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!view_equal_nocase(fields[i].name, view_trim(name)) ||
		    sieve_message_text(suite.message, &fields[i], &value) != 0)
			continue;
		if (colon >= 0)
			return find(view_trim(view_skip(specification, (size_t)colon + 1)), value, text);
		*text = value;
		return true;
	}
	return false;
}

static bool decimal(struct view text, double *value)
{
	char copy[40], *end;

	snprintf(copy, sizeof(copy), "%.*s", VIEW_FMT(text));
	*value = strtod(copy, &end);
	return end > copy && !*end;
}

/* The number of the text among the settings for texts, 0 to `most`. */
static bool numbered(const char *extension, struct view text, int most, double *value)
{
	for (int i = 0; i <= most; i++) {
		char name[40];
		struct view known;

		snprintf(name, sizeof(name), "text_value/%d", i);
		known = setting_of(extension, name);
		if (!view_empty(known) && view_equal(known, text)) {
			*value = i;
			return true;
		}
	}
	return false;
}

/* How bad the message is, 0 to 1. */
static bool share_of(const char *extension, int most, double *share)
{
	struct view type = setting_of(extension, "status_type"),
	            max_header = setting_of(extension, "score_max_header");
	struct view status = setting_of(extension, "status_header"), text, max_text;
	double value, max = most;
	bool texts = view_equal(type, VIEW("text"));

	if (view_empty(status) || !read_field(status, &text))
		return false;
	max_text = setting_of(extension, "score_max_value");
	if (!texts &&
	    ((!view_empty(max_header) && !read_field(max_header, &max_text)) || !decimal(max_text, &max)))
		return false;
	if (view_equal(type, VIEW("strlen")))
		value = (double)text.len;
	else if (texts ? !numbered(extension, text, most, &value) : !decimal(text, &value))
		return false;
	*share = value < 0 ? 0 : value > max ? 1 : value / max;
	return max > 0;
}

static bool give(double number, struct view *value)
{
	char digits[20];

	snprintf(digits, sizeof(digits), "%d", (int)number);
	*value = suite_keep(view_from_string(digits));
	return true;
}

bool suite_spam(struct view *value)
{
	double share;

	return (share_of("spamtest", 10, &share) || share_of("spamtestplus", 10, &share)) &&
	       give(share * SIEVE_SPAM_MOST + 0.5, value);
}

bool suite_virus(struct view *value)
{
	double share;

	return share_of("virustest", 5, &share) && give(share * 4 + 1.001, value);
}

/* ---- lists ---- */

/* The list's settings go by its short name. */
static struct view short_name(struct view list)
{
	struct view prefix = VIEW("urn:ietf:params:sieve");

	return view_starts_nocase(list, prefix) ? view_skip(list, prefix.len) : list;
}

bool suite_list_valid(struct view list)
{
	struct view names = suite_setting("sieve_extlists_list"), name;

	while (!view_empty(names)) {
		ptrdiff_t blank = view_find(names, ' ');

		name = blank < 0 ? names : view_take(names, (size_t)blank);
		names = view_skip(names, name.len + 1);
		if (view_equal(name, short_name(list)))
			return true;
	}
	return false;
}

/* A file of two lines for each entry: "shared/ADDRESS", and its value. */
bool suite_list_holds(struct view list, struct view value)
{
	char setting[200], name[200];
	struct view path, text, line;

	snprintf(
	    setting, sizeof(setting), "sieve_extlists_list/%.*s/dict/file/path", VIEW_FMT(short_name(list)));
	path = suite_setting(setting);
	snprintf(name, sizeof(name), "%.*s", VIEW_FMT(path));
	if (view_empty(path) || !suite_read_file(name, &text))
		return false;
	while (!view_empty(text)) {
		ptrdiff_t end = view_find(text, '\n');

		line = end < 0 ? text : view_take(text, (size_t)end);
		text = view_skip(text, line.len + 1);
		if (view_find(line, '/') >= 0 &&
		    view_equal_nocase(view_skip(line, (size_t)view_find_last(line, '/') + 1), value))
			return true;
	}
	return false;
}
