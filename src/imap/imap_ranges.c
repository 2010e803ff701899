/* See imap_ranges.h. Each walks both sets once. */
#include "imap/imap_ranges.h"

struct walk {
	struct cursor in;
	uint32_t first, last;
	bool more;
};

static void next(struct walk *w)
{
	w->more = uid_ranges_next(&w->in, &w->first, &w->last);
}

static struct walk walk(struct view ranges)
{
	struct walk w = {.in = cursor_on(ranges)};
	next(&w);
	return w;
}

bool imap_ranges_both(struct buf *out, struct view a, struct view b)
{
	for (struct walk x = walk(a), y = walk(b); x.more && y.more;) {
		uint32_t first = x.first > y.first ? x.first : y.first;
		uint32_t last = x.last < y.last ? x.last : y.last;
		if (first <= last && uid_ranges_add(out, first, last) != 0)
			return false;
		if (x.last < y.last)
			next(&x);
		else
			next(&y);
	}
	return true;
}

bool imap_ranges_without(struct buf *out, struct view a, struct view b)
{
	struct walk y = walk(b);
	for (struct walk x = walk(a); x.more; next(&x)) {
		uint64_t from = x.first;
		while (y.more && y.last < from)
			next(&y);
		while (y.more && y.first <= x.last) {
			if (y.first > from && uid_ranges_add(out, (uint32_t)from, y.first - 1) != 0)
				return false;
			from = (uint64_t)y.last + 1;
			if (y.last > x.last)
				break; /* it reaches into the next range of `a` */
			next(&y);
		}
		if (from <= x.last && uid_ranges_add(out, (uint32_t)from, x.last) != 0)
			return false;
	}
	return true;
}

bool imap_ranges_either(struct buf *out, struct view a, struct view b)
{
	struct walk x = walk(a), y = walk(b);
	while (x.more || y.more) {
		struct walk *lower = !y.more || (x.more && x.first <= y.first) ? &x : &y;
		struct walk *other = lower == &x ? &y : &x;
		uint32_t first = lower->first, last = lower->last;
		next(lower);
		/* All that begins within it, or right behind it, is one range with it. */
		for (bool grew = true; grew;) {
			grew = false;
			while (other->more && other->first <= (uint64_t)last + 1) {
				last = other->last > last ? other->last : last;
				next(other);
				grew = true;
			}
			while (lower->more && lower->first <= (uint64_t)last + 1) {
				last = lower->last > last ? lower->last : last;
				next(lower);
				grew = true;
			}
		}
		if (uid_ranges_add(out, first, last) != 0)
			return false;
	}
	return true;
}
