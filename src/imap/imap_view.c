/*
 * The messages of the selected mailbox: UIDs as ranges, with the count of messages before each, so that a
 * message number (RFC 9051 section 2.3.1.2) or a UID is found by halving. A mailbox without gaps takes a
 * dozen octets, however large.
 */
#include "imap/imap_private.h"

#include <string.h>

#include "base/mem.h"
#include "imap/imap_state.h"

struct imap_view {
	struct buf ranges; /* mail/uid_ranges.h */
	uint32_t *before;  /* for each range: how many messages lie before it */
	size_t range_count;
	uint32_t count;
};

static uint32_t number_at(const struct imap_view *v, size_t offset)
{
	const unsigned char *p = (const unsigned char *)buf_view(&v->ranges).data + offset;
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint32_t first_of(const struct imap_view *v, size_t range)
{
	return number_at(v, range * UID_RANGE_SIZE);
}

static uint32_t last_of(const struct imap_view *v, size_t range)
{
	return number_at(v, range * UID_RANGE_SIZE + 4);
}

/* Counts anew after a change. False without memory. */
static bool count_ranges(struct imap_view *v)
{
	size_t n = buf_view(&v->ranges).len / UID_RANGE_SIZE;
	if (n != v->range_count || v->before == NULL) {
		uint32_t *before = mem_try_resize(v->before, (n ? n : 1) * sizeof *before);
		if (before == NULL)
			return false;
		v->before = before;
	}
	v->range_count = n;
	v->count = 0;
	for (size_t i = 0; i < n; i++) {
		v->before[i] = v->count;
		v->count += last_of(v, i) - first_of(v, i) + 1;
	}
	return true;
}

struct imap_view *imap_view_new(void)
{
	struct imap_view *v = mem_alloc(sizeof *v);
	buf_init(&v->ranges, IMAP_RANGES_MAX);
	return v;
}

struct imap_view *imap_view_copy(const struct imap_view *v)
{
	struct imap_view *copy = imap_view_new();
	if (buf_append(&copy->ranges, buf_view(&v->ranges)) == 0 && count_ranges(copy))
		return copy;
	imap_view_free(copy);
	return NULL;
}

void imap_view_free(struct imap_view *v)
{
	if (v == NULL)
		return;
	buf_done(&v->ranges);
	mem_free(v->before);
	mem_free(v);
}

/* The range in which the UID is, or the first one behind it; range_count: none. */
static size_t range_of_uid(const struct imap_view *v, uint32_t uid)
{
	size_t low = 0, high = v->range_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (last_of(v, middle) < uid)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint32_t imap_view_number(const struct imap_view *v, uint32_t uid)
{
	size_t i = range_of_uid(v, uid);
	if (i == v->range_count || first_of(v, i) > uid)
		return 0;
	return v->before[i] + (uid - first_of(v, i)) + 1;
}

uint32_t imap_view_uid(const struct imap_view *v, uint32_t number)
{
	if (number == 0 || number > v->count)
		return 0;
	size_t low = 0, high = v->range_count;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (v->before[middle] < number)
			low = middle;
		else
			high = middle;
	}
	return first_of(v, low) + (number - v->before[low] - 1);
}

int imap_view_slice(const struct imap_view *v, uint32_t first, uint32_t last, struct buf *out)
{
	size_t i = range_of_uid(v, imap_view_uid(v, first));
	uint32_t number = first;
	int r = 0;
	while (r == 0 && number <= last && i < v->range_count) {
		uint32_t uid = first_of(v, i) + (number - v->before[i] - 1);
		uint32_t room = last_of(v, i) - uid, want = last - number;
		r = uid_ranges_add(out, uid, uid + (room < want ? room : want));
		number += (room < want ? room : want) + 1;
		i++;
	}
	return r;
}

uint32_t imap_view_count(const struct imap_view *v)
{
	return v->count;
}

uint32_t imap_view_last_uid(const struct imap_view *v)
{
	return v->range_count ? last_of(v, v->range_count - 1) : 0;
}

struct view imap_view_ranges(const struct imap_view *v)
{
	return buf_view(&v->ranges);
}

uint32_t imap_view_count_from(const struct imap_view *v, uint32_t uid)
{
	size_t i = range_of_uid(v, uid);
	if (i == v->range_count)
		return 0;
	uint32_t within = first_of(v, i) < uid ? uid - first_of(v, i) : 0;
	return v->count - v->before[i] - within;
}

bool imap_view_add(struct imap_view *v, struct view ranges)
{
	struct cursor in = cursor_on(ranges);
	uint32_t first, last, end = imap_view_last_uid(v);
	while (uid_ranges_next(&in, &first, &last)) {
		if (last <= end)
			continue;
		if (uid_ranges_add(&v->ranges, first > end ? first : end + 1, last) != 0)
			return false;
		end = last;
	}
	return count_ranges(v);
}

bool imap_view_remove(struct imap_view *v, struct view ranges)
{
	struct buf left;
	buf_init(&left, IMAP_RANGES_MAX);
	bool ok = imap_ranges_without(&left, buf_view(&v->ranges), ranges);
	if (ok) {
		buf_done(&v->ranges);
		v->ranges = left;
		ok = count_ranges(v);
	} else {
		buf_done(&left);
	}
	return ok;
}
