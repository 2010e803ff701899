/* Flags are few, so lists of them are searched from their beginning. */
#include "sieve/sieve_flags.h"

#include <string.h>

enum { FLAGS_TEXT_MAX = SIEVE_VARIABLE_MAX /* they are kept in variables */ };

bool sieve_flags_next(struct view *rest, struct view *flag)
{
	size_t len = 0;

	while (rest->len > 0 && strchr(" \t\r\n", rest->data[0]))
		*rest = view_skip(*rest, 1);
	while (len < rest->len && !strchr(" \t\r\n", rest->data[len]))
		len++;
	*flag = view_take(*rest, len);
	*rest = view_skip(*rest, len);
	return len > 0;
}

/* An atom, with one backslash before it where the system means it (RFC 9051 section 9: flag). */
static bool is_flag(struct view flag)
{
	struct view name = view_starts(flag, VIEW("\\")) ? view_skip(flag, 1) : flag;

	for (size_t i = 0; i < name.len; i++)
		if (!ascii_is_print(name.data[i]) || strchr(" (){%*\"\\]", name.data[i]))
			return false;
	return !view_empty(name);
}

static bool has(struct view flags, struct view flag)
{
	struct view one;

	while (sieve_flags_next(&flags, &one))
		if (view_equal_nocase(one, flag))
			return true;
	return false;
}

static void put(struct buf *out, struct view flag)
{
	if (buf_view(out).len > 0)
		buf_append_byte(out, ' ');
	buf_append(out, flag);
}

static void take(struct buf *out, struct view flags, struct view without)
{
	struct view flag;

	while (sieve_flags_next(&flags, &flag))
		if (!has(without, flag))
			put(out, flag);
}

bool sieve_flags_change(
    struct sieve_run *run, struct view *flags, const struct sieve_value *strings, bool take_out)
{
	struct buf out, next;
	bool good = true;

	buf_init(&out, FLAGS_TEXT_MAX);
	buf_init(&next, FLAGS_TEXT_MAX);
	buf_append(&out, *flags);
	for (uint32_t i = 0; good && i < strings->count; i++) {
		struct view text, flag;

		good = sieve_run_text(run, strings->strings[i], &text) &&
		       sieve_run_work(run, out.len / 8 * (text.len / 2 + 1) / 64 + 1);
		if (good && take_out) {
			buf_clear(&next);
			take(&next, buf_view(&out), text);
			buf_clear(&out);
			buf_append(&out, buf_view(&next));
		}
		while (good && !take_out && sieve_flags_next(&text, &flag))
			if (is_flag(flag) && !has(buf_view(&out), flag))
				put(&out, flag);
	}
	if (good && (buf_failed(&out) || !arena_copy(run->arena, buf_view(&out), flags))) {
		sieve_run_fail(run, "the script sets more flags than a message may have");
		good = false;
	}
	buf_done(&out);
	buf_done(&next);
	return good;
}

bool sieve_flags_of_action(struct sieve_run *run, const struct sieve_value *tag, struct view *flags)
{
	*flags = run->flags;
	if (tag->kind == SIEVE_ABSENT)
		return true;
	*flags = (struct view){0};
	return sieve_flags_change(run, flags, tag, false);
}
