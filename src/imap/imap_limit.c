/* Limits on the messages of one command: see imap_limit.h. */
#include "imap/imap_limit.h"

#include <errno.h>
#include <stdio.h>

#include "imap/imap_search.h"
#include "imap/imap_state.h"

/* The lowest of the `count` highest UIDs; there are more. */
static uint32_t lowest_of(struct view uids, uint64_t count)
{
	uint64_t before = uid_ranges_count(uids) - count;
	struct cursor in = cursor_on(uids);
	uint32_t first = 0, last = 0;
	while (uid_ranges_next(&in, &first, &last) && before > (uint64_t)last - first)
		before -= (uint64_t)last - first + 1;
	return first + (uint32_t)before;
}

static bool is_over(uint32_t limit, struct view uids)
{
	return limit > 0 && uid_ranges_count(uids) > limit;
}

/* From this UID on, and in `uids`. */
static bool keep_from(struct imap_session *s, uint32_t lowest, struct view *uids)
{
	struct buf from, kept;
	buf_init(&from, UID_RANGE_SIZE);
	buf_init(&kept, uids->len);
	bool ok = uid_ranges_add(&from, lowest, UINT32_MAX) == 0 &&
	          imap_ranges_both(&kept, *uids, buf_view(&from)) &&
	          arena_copy(&s->arena, buf_view(&kept), uids);
	buf_done(&from);
	buf_done(&kept);
	return ok;
}

bool imap_limit_cut(struct imap_session *s, struct view *uids)
{
	uint32_t limit = s->config.message_limit;
	if (!is_over(limit, *uids))
		return true;
	s->lowest = lowest_of(*uids, limit);
	if (keep_from(s, s->lowest, uids))
		return true;
	imap_no_error(s, -ENOMEM, "the mailbox");
	return false;
}

/* ---- what is done with all or with nothing ---- */

static void refuse(struct imap_session *s, uint32_t limit, uint32_t lowest)
{
	char code[IMAP_LIMIT_CODE_MAX];
	if (lowest > 0)
		snprintf(code, sizeof code, "MESSAGELIMIT %u %u", limit, lowest);
	else
		snprintf(code, sizeof code, "MESSAGELIMIT %u", limit);
	imap_no(s, code, "these are more messages than one command may work on");
}

static uint32_t save_limit(const struct imap_session *s)
{
	return s->config.message_limit ? s->config.message_limit : s->config.save_limit;
}

bool imap_limit_refuses_copy(struct imap_session *s, struct view uids)
{
	uint32_t limit = save_limit(s);
	if (!is_over(limit, uids))
		return false;
	refuse(s, limit, lowest_of(uids, limit));
	return true;
}

uint64_t imap_limit_of_append(const struct imap_session *s)
{
	uint32_t limit = save_limit(s);
	return limit ? limit : UINT64_MAX;
}

bool imap_limit_refuses_count(struct imap_session *s, uint64_t count)
{
	uint32_t limit = s->config.message_limit;
	if (limit == 0 || count <= limit)
		return false;
	refuse(s, limit, 0);
	return true;
}

/* ---- searches ---- */

/* Takes what a condition rules out by the UID alone from the messages that are looked through. */
static bool narrow(struct imap_session *s, const struct query *q, struct view *uids)
{
	bool ok = true;
	if (q->kind == QUERY_UIDS) {
		struct buf both;
		buf_init(&both, IMAP_RANGES_MAX);
		ok = imap_ranges_both(&both, *uids, q->text) && arena_copy(&s->arena, buf_view(&both), uids);
		buf_done(&both);
	}
	if (q->kind == QUERY_AND)
		for (const struct query *child = q->first; child && ok; child = child->next)
			ok = narrow(s, child, uids);
	return ok;
}

/* The program, and a UID from this one on. */
static bool add_lowest(struct imap_program *program, uint32_t lowest)
{
	struct query *all = query_new(program->arena, QUERY_AND),
	             *from = query_new(program->arena, QUERY_UIDS);
	struct buf range;
	buf_init(&range, UID_RANGE_SIZE);
	bool ok = all && from && uid_ranges_add(&range, lowest, UINT32_MAX - 1) == 0 &&
	          arena_copy(program->arena, buf_view(&range), &from->text);
	buf_done(&range);
	if (!ok)
		return false;
	query_add(all, from);
	query_add(all, program->root);
	program->root = all;
	return true;
}

bool imap_limit_search(struct imap_session *s, struct imap_search *search, bool whole)
{
	uint32_t limit = s->config.message_limit;
	struct view uids = search->place.uids;
	if (!is_over(limit, uids))
		return true;
	bool ok = narrow(s, search->program.root, &uids);
	if (ok && !is_over(limit, uids))
		return true;
	if (ok && whole) {
		refuse(s, limit, 0);
		return false;
	}
	if (ok) {
		s->lowest = lowest_of(uids, limit);
		ok = add_lowest(&search->program, s->lowest);
	}
	if (!ok)
		imap_no_error(s, -ENOMEM, "the search");
	return ok;
}
