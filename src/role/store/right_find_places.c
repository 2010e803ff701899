/* Places of what MAIL_FIND finds, how they are answered, and how a segment is looked through for them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "mail/uid_ranges.h"
#include "role/store/right_find.h"
#include "role/store/store_private.h"
#include "role/store/store_search.h"

enum { ANSWER_MAX = 64 * 1024 /* octets of ranges in one answer */ };

int find_add_place(struct right_find *f, uint32_t uid, bool sure)
{
	if (f->before && uid >= f->before)
		return 0;
	if (f->place_count == f->place_room) {
		size_t room = f->place_room ? 2 * f->place_room : 256;
		struct find_place *more = mem_try_resize(f->places, room * sizeof *more);
		if (more == NULL)
			return -ENOMEM;
		f->places = more;
		f->place_room = room;
	}
	f->places[f->place_count++] = (struct find_place){uid, sure};
	return 0;
}

/* ---- the answer ---- */

static int compare_places(const void *a, const void *b)
{
	const struct find_place *x = a, *y = b;
	return x->uid < y->uid ? -1 : x->uid > y->uid;
}

/* All places of one kind, in answers of a bounded size. */
static void answer_places(struct right_find *f, bool sure)
{
	struct buf ranges;
	buf_init(&ranges, ANSWER_MAX + UID_RANGE_SIZE);
	for (size_t i = 0; i <= f->place_count; i++) {
		if (i < f->place_count && f->places[i].sure == sure)
			uid_ranges_add(&ranges, f->places[i].uid, f->places[i].uid);
		if (ranges.len == 0 || (i < f->place_count && ranges.len < ANSWER_MAX))
			continue;
		struct mail_found m = {0};
		*(sure ? &m.sure : &m.maybe) = buf_view(&ranges);
		if (!question_answer(&f->question, MAIL_FOUND, &m))
			break;
		buf_clear(&ranges);
	}
	buf_done(&ranges);
}

static bool are_in_order(const struct right_find *f)
{
	for (size_t i = 1; i < f->place_count; i++)
		if (f->places[i - 1].uid > f->places[i].uid)
			return false;
	return true;
}

/* A million are not sorted on the loop: they come in order. */
void find_finish(struct right_find *f, uint32_t floor)
{
	struct mail_done done = {.number = f->fresh, .uidnext = floor};
	if (!are_in_order(f))
		qsort(f->places, f->place_count, sizeof *f->places, compare_places);
	answer_places(f, true);
	if (!f->question.right->ended)
		answer_places(f, false);
	if (!f->question.right->ended)
		question_done(&f->question, &done);
}

/* ---- a segment ---- */

int find_look(struct right_find *f, size_t i)
{
	struct search_blobs blobs = {.once = false};
	if (f->found[i].emailids)
		return 0;
	memcpy(blobs.parts, f->state->segments[i].parts, sizeof blobs.parts);
	struct segment_source source = search_source(&blobs);
	return segment_find(&f->heads[i], &source, &f->query, &f->found[i]);
}

bool find_looked(struct right_find *f, int result)
{
	if (!question_back(&f->question))
		return false;
	if (result == -EBADMSG) {
		log_event(LOG_WARNING, "-", "search-index-damaged", log_u64("account", f->box.shard));
		store_search_rebuild(f->box.shard, NULL, NULL);
	}
	if (result == -EBADMSG || result == -ECANCELED) {
		f->damaged = true;
		result = 0;
	}
	if (result)
		question_fail(&f->question, result);
	return result == 0;
}
