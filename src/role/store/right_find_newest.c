/*
 * The newest messages that have a text, for whoever types: from the highest UID down, one window of the
 * mailbox after the other. Of the index only the segments are read that a window's emails are in: mostly one
 * of a million messages' handful.
 */
#include <errno.h>

#include "base/container.h"
#include "base/mem.h"
#include "role/store/right_find.h"
#include "role/store/store_private.h"

enum {
	/* A text that is so rare in the newest ones is looked for everywhere: there may be few places to
	   find. */
	WINDOWS_MAX = 8
};

static bool has_email(const struct segment_head *h, uint64_t emailid)
{
	return h->first_email <= emailid && emailid <= h->last_email;
}

/* The email's number in the segment; false: it has it not. */
static bool number_of(const struct segment_found *found, uint64_t emailid, uint32_t *number)
{
	uint32_t low = 0, high = found->messages;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (found->emailids[middle] < emailid)
			low = middle + 1;
		else
			high = middle;
	}
	*number = low;
	return low < found->messages && found->emailids[low] == emailid;
}

static int judge(struct right_find *f, uint64_t emailid, uint32_t uid)
{
	uint32_t number;
	if (emailid > f->state->covered || f->damaged) {
		f->fresh += emailid > f->state->covered;
		return find_add_place(f, uid, false);
	}
	for (size_t i = f->state->count; i > 0; i--) {
		const struct segment_found *found = &f->found[i - 1];
		if (!has_email(&f->heads[i - 1], emailid) || !number_of(found, emailid, &number))
			continue;
		bool sure = segment_bit(found->sure, number);
		return sure || segment_bit(found->maybe, number) ? find_add_place(f, uid, sure) : 0;
	}
	return 0; /* nobody could read it */
}

static void walk_down(struct right_find *f);
static void look_everywhere(struct right_find *f);

/* From the window's end to its beginning. */
static void judge_window(struct right_find *f)
{
	const struct account_ids_in *w = f->walk;
	int error = 0;
	for (size_t i = w->count; i > 0 && error == 0; i--) {
		error = judge(f, w->ids[i - 1], w->uids[i - 1]);
		if (error == 0 && f->place_count >= f->limit) {
			find_finish(f, w->uids[i - 1]);
			return;
		}
	}
	if (error)
		question_fail(&f->question, error);
	else if (w->after == 0)
		find_finish(f, 0);
	else if (++f->windows == WINDOWS_MAX && !f->damaged)
		look_everywhere(f);
	else
		walk_down(f);
}

/* On a thread. */
static int look_at_all(struct search_job *job)
{
	struct right_find *f = container_of(job, struct right_find, job);
	int error = 0;
	f->in_all = 0;
	for (size_t i = 0; i < f->state->count && error == 0; i++) {
		error = find_look(f, i);
		for (uint32_t n = 0; n < f->found[i].messages && error == 0; n++)
			f->in_all += segment_bit(f->found[i].sure, n) || segment_bit(f->found[i].maybe, n);
	}
	return error;
}

static void looked_at_all(struct search_job *job, int result)
{
	struct right_find *f = container_of(job, struct right_find, job);
	if (!find_looked(f, result))
		return;
	if (f->in_all <= FIND_SINGLE_MAX && !f->damaged)
		f->all(f);
	else
		walk_down(f);
}

static void look_everywhere(struct right_find *f)
{
	f->job = (struct search_job){.run = look_at_all, .done = looked_at_all};
	question_call(&f->question);
	search_job_add(SEARCH_FINDS, &f->job);
}

/* On a thread. */
static int look(struct search_job *job)
{
	struct right_find *f = container_of(job, struct right_find, job);
	int error = 0;
	for (size_t i = 0; i < f->state->count && error == 0; i++)
		if (f->needed[i])
			error = find_look(f, i);
	return error;
}

static void looked(struct search_job *job, int result)
{
	struct right_find *f = container_of(job, struct right_find, job);
	if (find_looked(f, result))
		judge_window(f);
}

/* False: each segment that has emails of the window has been looked through. */
static bool need_segments(struct right_find *f)
{
	const struct account_ids_in *w = f->walk;
	bool any = false;
	for (size_t s = 0; s < f->state->count; s++) {
		f->needed[s] = false;
		for (size_t i = 0; i < w->count && !f->needed[s] && f->found[s].emailids == NULL; i++)
			f->needed[s] = has_email(&f->heads[s], w->ids[i]);
		any = any || f->needed[s];
	}
	return any && !f->damaged;
}

static void walked(struct account_ids_in *w, int result)
{
	struct right_find *f = w->arg;
	if (!question_back(&f->question))
		return;
	if (result) {
		question_fail(&f->question, result);
		return;
	}
	if (!need_segments(f)) {
		judge_window(f);
		return;
	}
	f->job = (struct search_job){.run = look, .done = looked};
	question_call(&f->question);
	search_job_add(SEARCH_FINDS, &f->job);
}

static void walk_down(struct right_find *f)
{
	f->walk->before = f->windows ? f->walk->after + 1 : f->before;
	question_call(&f->question);
	account_ids_in(&store_role.accounts, f->walk);
}

void find_newest(struct right_find *f, void (*all)(struct right_find *f))
{
	f->all = all;
	f->needed = mem_array(f->state->count + 1, sizeof *f->needed);
	f->walk = mem_alloc(sizeof *f->walk);
	f->walk->shard = f->box.shard;
	f->walk->mailbox = f->box.mailbox;
	f->walk->down = true;
	f->walk->done = walked;
	f->walk->arg = f;
	walk_down(f);
}
