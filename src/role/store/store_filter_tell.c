/*
 * Owners are told of trouble with their rules once a day for each version of a script, whatever comes for
 * them.
 */
#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "role/store/store_filter.h"
#include "role/store/store_private.h"

enum {
	TOLD_MAX = 10000, /* versions of scripts whose owners were told lately */
	TOLD_SECONDS = 24 * 3600
};

/* When an owner was told of trouble with a version of a script. Several may be in trouble by turns. */
struct told {
	int64_t at;
};

static struct map told; /* account and version -> struct told */

static void forget_old(int64_t now)
{
	size_t position = 0;
	struct view key;
	void *value;
	while (map_each(&told, &position, &key, &value)) {
		struct told *t = value;
		if (now - t->at < TOLD_SECONDS && now >= t->at)
			continue;
		mem_free(map_remove(&told, key));
		position = 0; /* a removal may have moved an entry to a slot that was passed */
	}
}

static bool is_news(uint64_t account, uint64_t version)
{
	const uint64_t whose[2] = {account, version};
	struct view key = view_of((const char *)whose, sizeof whose);
	struct told *t = map_get(&told, key);
	int64_t now = clock_wall();
	if (t && now - t->at < TOLD_SECONDS && now >= t->at)
		return false;
	if (t == NULL && told.count >= TOLD_MAX)
		forget_old(now);
	if (t == NULL && told.count >= TOLD_MAX)
		return false; /* a flood of notices helps nobody: the log has them all */
	if (t == NULL)
		map_set(&told, key, t = mem_alloc(sizeof *t));
	t->at = now;
	return true;
}

void filter_tell_owner(const struct filter *f, uint64_t version, const char *what)
{
	struct buf text;
	if (!is_news(f->account, version))
		return;
	buf_init(&text, 8192);
	buf_printf(
	    &text, "A message came for you, and your rules could not do all that they say.\n\n%s\n", what);
	if (f->script.len > 0 && f->line > 0)
		buf_printf(&text, "\nIt is the script \"%.*s\", line %llu.\n", VIEW_FMT(f->script),
		    (unsigned long long)f->line);
	else if (f->script.len > 0)
		buf_printf(&text, "\nIt is the script \"%.*s\".\n", VIEW_FMT(f->script));
	buf_append_string(&text,
	    "\nThe message was kept: you have it. You will not be told of this again today, "
	    "unless you change the script.\n");
	store_notice_text(f->account, "Your rules need your attention", buf_string(&text));
	buf_done(&text);
}

void filter_tell_forget(void)
{
	size_t position = 0;
	void *value;
	while (map_each(&told, &position, NULL, &value))
		mem_free(value);
	map_done(&told);
}
