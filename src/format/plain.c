/* See plain.h. */
#include "format/plain.h"

#include <string.h>
#include <time.h>

#include "base/show.h"

void plain_time(struct buf *out, int64_t seconds)
{
	time_t t = (time_t)seconds;
	struct tm local;
	char text[40];
	if (localtime_r(&t, &local) == NULL || strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &local) == 0)
		buf_append_string(out, "an unknown time");
	else
		buf_append_string(out, text);
}

void plain_size(struct buf *out, uint64_t bytes)
{
	static const char *const units[] = {"B", "KB", "MB", "GB", "TB"};
	double n = (double)bytes;
	size_t unit = 0;
	for (; n >= 1000 && unit < 4; unit++)
		n /= 1000;
	buf_printf(out, unit ? "%.1f %s" : "%.0f %s", n, units[unit]);
}

void plain_text(struct buf *out, struct view text)
{
	show_line(out, text);
}

void plain_clause(struct buf *out, const char *sentence)
{
	size_t len = strlen(sentence);
	/* A word in capitals (DANE, TLS) keeps them. */
	bool word = len > 1 && ascii_is_alpha(sentence[1]) && ascii_lower(sentence[1]) != sentence[1];
	if (len == 0)
		return;
	buf_append_byte(out, word ? sentence[0] : ascii_lower(sentence[0]));
	buf_append(out, view_of(sentence + 1, len - 1 - (sentence[len - 1] == '.')));
}

bool plain_read_duration(const char *text, uint64_t *seconds)
{
	static const char units[] = "smhd";
	static const uint64_t factors[] = {1, 60, 3600, 86400};
	struct view v = view_from_string(text);
	const char *unit = v.len ? memchr(units, v.data[v.len - 1], 4) : NULL;
	uint64_t factor = unit ? factors[unit - units] : 1, n;
	if (unit)
		v.len--;
	if (!view_to_u64(v, UINT32_MAX, &n))
		return false;
	*seconds = n * factor;
	return true;
}
