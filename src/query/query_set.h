/*
 * The messages of a mailbox at one moment, each with its place (0 for the lowest UID), and sets of them as
 * one bit a place: a set of 100,000 messages is 12.5 KB, whatever their UIDs are.
 */
#ifndef QUERY_QUERY_SET_H
#define QUERY_QUERY_SET_H

#include "base/buf.h"

struct query_range {
	uint32_t first, last;
	uint32_t place; /* of `first` */
};

struct query_places {
	struct query_range *ranges;
	size_t count;
	uint32_t messages;
};

/* From ranges (mail/uid_ranges.h). 0, -ENOMEM, or -EINVAL for ranges that are none. Ended with
 * query_places_done, also after a failure. */
int query_places_init(struct query_places *p, struct view ranges) __attribute__((warn_unused_result));
void query_places_done(struct query_places *p);

/* `hint`: where the last one was found, 0 at first; UIDs that are asked for in order are found at once. */
bool query_place_of(const struct query_places *p, uint32_t uid, size_t *hint, uint32_t *place);
uint32_t query_uid_at(const struct query_places *p, uint32_t place, size_t *hint);
/* The first place whose UID is at least this; their number when there is none. */
uint32_t query_place_from(const struct query_places *p, uint64_t uid);
uint32_t query_last_uid(const struct query_places *p); /* 0: there is no message */

struct query_set {
	uint64_t *words;
	uint32_t size; /* places */
};

/* An empty set, or one of all places. 0 or -ENOMEM. A set that is all zero needs no query_set_done. */
int query_set_init(struct query_set *s, uint32_t size, bool full) __attribute__((warn_unused_result));
void query_set_done(struct query_set *s);
void query_set_clear(struct query_set *s);
int query_set_copy(struct query_set *to, const struct query_set *from) __attribute__((warn_unused_result));

static inline bool query_set_has(const struct query_set *s, uint32_t place)
{
	return place < s->size && s->words[place / 64] >> (place % 64) & 1;
}

static inline void query_set_put(struct query_set *s, uint32_t place)
{
	s->words[place / 64] |= (uint64_t)1 << (place % 64);
}

static inline void query_set_remove(struct query_set *s, uint32_t place)
{
	s->words[place / 64] &= ~((uint64_t)1 << (place % 64));
}

void query_set_put_range(struct query_set *s, uint32_t from, uint32_t until); /* without `until` */
void query_set_remove_range(struct query_set *s, uint32_t from, uint32_t until);
/* Puts the places of all UIDs of `ranges` that there are; UINT32_MAX as an end is the last UID. */
void query_set_put_uids(struct query_set *s, const struct query_places *p, struct view ranges);

uint32_t query_set_count(const struct query_set *s);
/* The first place in the set from `from` on; `size` when there is none. */
uint32_t query_set_next(const struct query_set *s, uint32_t from);
/* The first place from `from` on that isn't in the set, or `size`. */
uint32_t query_set_next_gap(const struct query_set *s, uint32_t from);
/* The last place in the set below `below`; `size` when there is none. */
uint32_t query_set_previous(const struct query_set *s, uint32_t below);

/*
 * Appends the UIDs of the set from place *from on as ranges, `max` at most; *from becomes where to go on.
 * Messages next to each other make one range, though UIDs between them are gone: nobody has these, and a
 * question is shorter so. `exact`: no range has a UID that is gone. The result of buf_append.
 */
int query_set_ranges(const struct query_set *s, const struct query_places *p, bool exact, uint32_t *from,
    size_t max, struct buf *out);

#endif
