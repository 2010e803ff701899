/* Places of messages, and sets of them. */
#include "query/query_set.h"

#include "base/mem.h"
#include "mail/uid_ranges.h"

#include <errno.h>
#include <string.h>

int query_places_init(struct query_places *p, struct view ranges)
{
	struct cursor in = cursor_on(ranges);
	uint64_t messages = 0;
	uint32_t first, last;

	*p = (struct query_places){0};
	if (!uid_ranges_valid(ranges, false))
		return -EINVAL;
	p->ranges = mem_try((ranges.len / UID_RANGE_SIZE + 1) * sizeof(*p->ranges));
	if (!p->ranges)
		return -ENOMEM;
	while (uid_ranges_next(&in, &first, &last)) {
		p->ranges[p->count++] = (struct query_range){first, last, (uint32_t)messages};
		messages += (uint64_t)last - first + 1;
	}
	p->messages = (uint32_t)messages;
	return 0;
}

void query_places_done(struct query_places *p)
{
	mem_free(p->ranges);
	*p = (struct query_places){0};
}

/* The first range that doesn't end below the UID. */
static size_t find_range(const struct query_places *p, uint32_t uid, size_t hint)
{
	size_t low = 0, high = p->count;

	for (size_t i = hint; i < p->count && i < hint + 2; i++) /* in order: this one, or the next */
		if (p->ranges[i].last >= uid && (i == 0 || p->ranges[i - 1].last < uid))
			return i;
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (p->ranges[middle].last < uid)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool query_place_of(const struct query_places *p, uint32_t uid, size_t *hint, uint32_t *place)
{
	size_t i = find_range(p, uid, *hint);

	if (i == p->count)
		return false;
	*hint = i;
	if (uid < p->ranges[i].first)
		return false;
	*place = p->ranges[i].place + (uid - p->ranges[i].first);
	return true;
}

uint32_t query_uid_at(const struct query_places *p, uint32_t place, size_t *hint)
{
	size_t i = *hint, low = 0, high = p->count;

	if (place >= p->messages)
		return 0;
	if (i >= p->count || p->ranges[i].place > place) {
		while (high - low > 1) {
			size_t middle = (low + high) / 2;

			if (p->ranges[middle].place <= place)
				low = middle;
			else
				high = middle;
		}
		i = low;
	}
	while (place - p->ranges[i].place > p->ranges[i].last - p->ranges[i].first)
		i++;
	*hint = i;
	return p->ranges[i].first + (place - p->ranges[i].place);
}

uint32_t query_place_from(const struct query_places *p, uint64_t uid)
{
	size_t i = uid > UINT32_MAX ? p->count : find_range(p, (uint32_t)uid, 0);
	const struct query_range *r = &p->ranges[i];

	if (i == p->count)
		return p->messages;
	return r->place + (uid > r->first ? (uint32_t)uid - r->first : 0);
}

uint32_t query_last_uid(const struct query_places *p)
{
	return p->count == 0 ? 0 : p->ranges[p->count - 1].last;
}

int query_set_init(struct query_set *s, uint32_t size, bool full)
{
	size_t bytes = ((size_t)size / 64 + 1) * sizeof(uint64_t);

	*s = (struct query_set){0};
	s->words = mem_try(bytes);
	if (!s->words)
		return -ENOMEM;
	memset(s->words, 0, bytes);
	s->size = size;
	if (full)
		query_set_put_range(s, 0, size);
	return 0;
}

void query_set_done(struct query_set *s)
{
	mem_free(s->words);
	*s = (struct query_set){0};
}

void query_set_clear(struct query_set *s)
{
	memset(s->words, 0, ((size_t)s->size / 64 + 1) * sizeof(uint64_t));
}

int query_set_copy(struct query_set *to, const struct query_set *from)
{
	int r = query_set_init(to, from->size, false);

	if (r == 0 && from->words)
		memcpy(to->words, from->words, ((size_t)from->size / 64 + 1) * sizeof(uint64_t));
	return r;
}

void query_set_put_range(struct query_set *s, uint32_t from, uint32_t until)
{
	while (from < until && from % 64 != 0)
		query_set_put(s, from++);
	for (; until - from >= 64 && from < until; from += 64)
		s->words[from / 64] = UINT64_MAX;
	while (from < until)
		query_set_put(s, from++);
}

void query_set_remove_range(struct query_set *s, uint32_t from, uint32_t until)
{
	while (from < until && from % 64 != 0)
		query_set_remove(s, from++);
	for (; until - from >= 64 && from < until; from += 64)
		s->words[from / 64] = 0;
	while (from < until)
		query_set_remove(s, from++);
}

void query_set_put_uids(struct query_set *s, const struct query_places *p, struct view ranges)
{
	struct cursor in = cursor_on(ranges);
	uint32_t first, last, end = query_last_uid(p);
	size_t hint = 0;

	while (uid_ranges_next(&in, &first, &last)) {
		if (end == 0)
			return;
		if (first == UINT32_MAX)
			first = end;
		if (last == UINT32_MAX && first > end)
			first = end; /* "5:*" always has the last one in it (RFC 9051 section 9) */
		if (last > end)
			last = end;
		for (size_t i = find_range(p, first, hint); i < p->count && p->ranges[i].first <= last; i++) {
			const struct query_range *r = &p->ranges[i];
			uint32_t a = first > r->first ? first : r->first, b = last < r->last ? last : r->last;

			if (a <= b)
				query_set_put_range(
				    s, r->place + (a - r->first), r->place + (b - r->first) + 1);
			hint = i;
		}
	}
}

uint32_t query_set_count(const struct query_set *s)
{
	uint32_t count = 0;

	if (s->words)
		for (size_t i = 0; i <= s->size / 64; i++)
			count += (uint32_t)__builtin_popcountll(s->words[i]);
	return count;
}

uint32_t query_set_next(const struct query_set *s, uint32_t from)
{
	size_t i = from / 64;
	uint64_t word;

	if (from >= s->size)
		return s->size;
	for (word = s->words[i] >> (from % 64) << (from % 64); word == 0; word = s->words[i])
		if (++i > s->size / 64)
			return s->size;
	return (uint32_t)(i * 64 + (unsigned)__builtin_ctzll(word));
}

uint32_t query_set_next_gap(const struct query_set *s, uint32_t from)
{
	size_t i = from / 64;
	uint64_t word;
	uint32_t place;

	if (from >= s->size)
		return s->size;
	for (word = ~s->words[i] >> (from % 64) << (from % 64); word == 0; word = ~s->words[i])
		if (++i > s->size / 64)
			return s->size;
	place = (uint32_t)(i * 64 + (unsigned)__builtin_ctzll(word));
	return place < s->size ? place : s->size;
}

uint32_t query_set_previous(const struct query_set *s, uint32_t below)
{
	uint32_t place = below < s->size ? below : s->size;

	while (place > 0) {
		place--;
		if (place % 64 == 63 && s->words[place / 64] == 0) {
			place -= 63;
			continue;
		}
		if (query_set_has(s, place))
			return place;
	}
	return s->size;
}

int query_set_ranges(const struct query_set *s, const struct query_places *p, bool exact, uint32_t *from,
    size_t max, struct buf *out)
{
	size_t hint = 0;
	uint32_t place = query_set_next(s, *from);
	int r = 0;

	for (size_t n = 0; place < s->size && n < max && r == 0; n++) {
		uint32_t gap = query_set_next_gap(s, place), first = query_uid_at(p, place, &hint);

		if (exact) {
			uint32_t left = p->ranges[hint].last - first + 1; /* places up to the range's end */

			if (gap - place > left)
				gap = place + left;
		}
		r = buf_append_u32(out, first);
		if (r == 0)
			r = buf_append_u32(out, query_uid_at(p, gap - 1, &hint));
		place = query_set_next(s, gap);
	}
	*from = place;
	return r;
}
