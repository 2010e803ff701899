/*
 * Sequence sets (RFC 9051 section 9): what a client names, as the messages of the selected mailbox that it
 * means. "4:2" is "2:4", "*" is the last message, and "$" what the last search saved (RFC 5182).
 */
#include "imap/imap_state.h"

#include <stdlib.h>

#include "base/mem.h"

struct span {
	uint32_t first, last;
};

struct set {
	struct span *spans;
	size_t count, room;
};

static bool push(struct imap_in *in, struct set *set, uint32_t a, uint32_t b)
{
	if (set->count == set->room) {
		/* A command has an end, and each span takes two octets of it. */
		size_t room = set->room ? 2 * set->room : 16;
		struct span *spans = mem_try_resize(set->spans, room * sizeof *spans);
		if (spans == NULL) {
			imap_in_wrong(in, "[UNAVAILABLE] there is no memory for this command now");
			return false;
		}
		set->spans = spans;
		set->room = room;
	}
	set->spans[set->count++] = (struct span){a < b ? a : b, a < b ? b : a};
	return true;
}

/* seq-number: a number, or "*" for `last`. */
static bool element(struct imap_in *in, uint32_t last, uint32_t *n, bool *star)
{
	if (imap_in_take(in, '*')) {
		*n = last;
		*star = true;
		return true;
	}
	if (!imap_in_number(in, n))
		return false;
	if (*n == 0)
		imap_in_wrong(in, "0 names no message");
	return *n != 0;
}

/*
 * By number, each must be there, but where a search asks which ones are (`any`); "*" of an empty mailbox
 * names nothing, and "1:*" nothing of it.
 */
static bool element_is_there(struct imap_in *in, bool any, uint32_t last, uint32_t a, uint32_t b, bool star)
{
	if (any || (a <= last && b <= last) || (star && last == 0))
		return true;
	imap_in_wrong(in, "there are not so many messages");
	return false;
}

/* A span of message numbers, as far as it is there. */
static bool push_numbers(struct imap_in *in, struct set *set, uint32_t last, uint32_t a, uint32_t b)
{
	uint32_t low = a < b ? a : b, high = a < b ? b : a;
	return low > last || push(in, set, low, high < last ? high : last);
}

static bool spans_of(struct imap_in *in, bool uids, bool any, const struct imap_view *v, struct set *set)
{
	uint32_t last = uids ? imap_view_last_uid(v) : imap_view_count(v);
	do {
		uint32_t a, b;
		bool star = false;
		if (!element(in, last, &a, &star))
			return false;
		b = a;
		if (imap_in_take(in, ':') && !element(in, last, &b, &star))
			return false;
		if (!element_is_there(in, uids || any, last, a, b, star))
			return false;
		if (star && last == 0)
			continue;
		if (uids ? !push(in, set, a, b) : !push_numbers(in, set, last, a, b))
			return false;
	} while (imap_in_take(in, ','));
	return true;
}

static int by_first(const void *a, const void *b)
{
	const struct span *x = a, *y = b;
	return x->first < y->first ? -1 : x->first > y->first;
}

/* Ascending, and none overlaps or touches another. */
static void join(struct set *set)
{
	size_t count = 0;
	if (set->count > 1)
		qsort(set->spans, set->count, sizeof *set->spans, by_first);
	for (size_t i = 0; i < set->count; i++) {
		struct span *end = count ? &set->spans[count - 1] : NULL;
		if (end && set->spans[i].first <= (uint64_t)end->last + 1)
			end->last = set->spans[i].last > end->last ? set->spans[i].last : end->last;
		else
			set->spans[count++] = set->spans[i];
	}
	set->count = count;
}

static bool resolve(const struct set *set, bool uids, const struct imap_view *v, struct buf *out)
{
	struct buf named;
	buf_init(&named, IMAP_RANGES_MAX);
	int r = 0;
	for (size_t i = 0; i < set->count && r == 0; i++)
		r = uids ? uid_ranges_add(&named, set->spans[i].first, set->spans[i].last)
		         : imap_view_slice(v, set->spans[i].first, set->spans[i].last, out);
	bool ok = r == 0 && (!uids || imap_ranges_both(out, buf_view(&named), imap_view_ranges(v)));
	buf_done(&named);
	return ok;
}

static bool found_ranges(
    struct imap_in *in, bool uids, bool any, const struct imap_selected *box, struct buf *out)
{
	struct set set = {0};
	bool ok;
	if (imap_in_take(in, '$')) {
		ok = imap_ranges_both(out, box->saved, imap_view_ranges(box->view));
	} else {
		ok = spans_of(in, uids, any, box->view, &set);
		if (ok) {
			join(&set);
			ok = resolve(&set, uids, box->view, out);
		}
	}
	mem_free(set.spans);
	if (!ok)
		imap_in_wrong(in, "[UNAVAILABLE] there is no memory for this command now");
	return ok;
}

static bool sequence_set(struct imap_in *in, bool uids, bool any, struct view *ranges)
{
	const struct imap_selected *box = imap_selected(in->session);
	if (in->wrong)
		return false;
	if (box == NULL) {
		imap_in_wrong(in, "no mailbox is selected");
		return false;
	}
	/* RFC 9586 section 3: who sees no message numbers has none to name. */
	if (!uids && imap_enabled(in->session) & IMAP_UIDONLY && !imap_in_next_is(in, '$')) {
		imap_in_wrong(in, "[UIDREQUIRED] messages are named by UID here");
		return false;
	}
	struct buf found;
	buf_init(&found, IMAP_RANGES_MAX);
	bool ok = found_ranges(in, uids, any, box, &found);
	if (ok && !arena_copy(imap_arena(in->session), buf_view(&found), ranges)) {
		imap_in_wrong(in, "[LIMIT] the set is too large");
		ok = false;
	}
	buf_done(&found);
	return ok;
}

bool imap_in_sequence_set(struct imap_in *in, bool uids, struct view *ranges)
{
	return sequence_set(in, uids, false, ranges);
}

bool imap_in_search_set(struct imap_in *in, bool uids, struct view *ranges)
{
	return sequence_set(in, uids, true, ranges);
}
