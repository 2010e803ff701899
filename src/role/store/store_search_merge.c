/*
 * Keeps the number of an account's segments small: of those of about one size, eight become one. Each message
 * is written some six times on its way into a segment of 200,000, and a search looks into a few dozen
 * segments at most.
 */
#include <errno.h>
#include <string.h>

#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"
#include "role/store/search_thread.h"
#include "role/store/store_private.h"
#include "role/store/store_search.h"

enum {
	FACTOR = 8,
	SMALLEST = 64, /* messages: below it all sizes are one */
	SLICE = 1024
};

struct merging {
	struct search_job job;
	struct account_search_change change;
	store_search_merged *done;
	void *arg;

	struct segment_input inputs[SEGMENT_MERGED_MAX];
	struct search_blobs blobs[SEGMENT_MERGED_MAX];
	size_t count;
	struct segment_head head;
	struct search_sink sink;

	/* The emails that are still there, ascending. */
	struct account_email_ids listing;
	uint64_t *there;
	size_t there_count, there_room;
	uint64_t last;
	bool stopped;
};

static struct merging *merging_now;

int store_search_heads(const struct account_search *state, struct segment_head heads[ACCOUNT_SEGMENTS_MAX])
{
	for (size_t i = 0; i < state->count; i++) {
		const struct account_segment *s = &state->segments[i];
		int error = segment_head_decode(view_of(s->head, s->head_len), &heads[i]);
		for (size_t k = 0; k < SEGMENT_PARTS && error == 0; k++)
			if (blob_length(&s->parts[k]) != segment_length(&heads[i], (enum segment_part)k))
				error = -EBADMSG;
		if (error)
			return error;
	}
	return 0;
}

/* ---- which ---- */

static unsigned size_class(uint32_t messages)
{
	unsigned class = 0;
	for (uint64_t limit = SMALLEST; messages >= limit; limit *= FACTOR)
		class ++;
	return class;
}

/* The smallest class that has enough; fewer are taken when the list is nearly full. */
static size_t choose(const struct segment_head *heads, size_t count, size_t chosen[SEGMENT_MERGED_MAX])
{
	size_t enough = count > ACCOUNT_SEGMENTS_MAX - FACTOR ? 2 : FACTOR;
	for (unsigned class = 0; class < 8; class ++) {
		size_t n = 0;
		uint64_t messages = 0;
		for (size_t i = 0; i < count && n < SEGMENT_MERGED_MAX; i++) {
			if (size_class(heads[i].messages) != class ||
			    messages + heads[i].messages > SEGMENT_MESSAGES_MAX)
				continue;
			messages += heads[i].messages;
			chosen[n++] = i;
		}
		if (n >= enough)
			return n;
	}
	return 0;
}

/* ---- the end ---- */

static void end_merging(struct merging *m, int result, bool merged)
{
	merging_now = NULL;
	m->done(m->arg, result, merged);
	mem_free(m->there);
	mem_free(m);
}

static void changed(struct account_search_change *c, int result)
{
	struct merging *m = container_of(c, struct merging, change);
	end_merging(m, result, result == 0);
}

static void ended(struct search_job *job, int result)
{
	struct merging *m = container_of(job, struct merging, job);
	struct buf head;
	if (result || m->stopped) {
		search_sink_abort(&m->sink);
		end_merging(m, result ? result : -ECANCELED, false);
		return;
	}
	m->change.adds = m->head.messages > 0;
	if (m->change.adds) {
		buf_init(&head, ACCOUNT_SEGMENT_HEAD_MAX);
		segment_head_encode(&m->head, &head);
		m->change.added.head_len = head.len;
		memcpy(m->change.added.head, buf_view(&head).data, head.len);
		buf_done(&head);
	}
	for (size_t i = 0; i < SEGMENT_PARTS; i++)
		m->change.uploads[i] = m->sink.uploads[i];
	m->change.done = changed;
	account_search_change(&store_role.accounts, &m->change);
}

/* ---- on the thread ---- */

static bool is_there(void *arg, uint64_t emailid)
{
	const struct merging *m = arg;
	size_t low = 0, high = m->there_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (m->there[middle] < emailid)
			low = middle + 1;
		else
			high = middle;
	}
	return low < m->there_count && m->there[low] == emailid;
}

static int run(struct search_job *job)
{
	struct merging *m = container_of(job, struct merging, job);
	struct segment_sink sink = search_sink(&m->sink);
	return segment_merge(m->inputs, m->count, is_there, m, &sink, &m->head);
}

/* ---- who is still there ---- */

static void list_more(struct merging *m);

static void listed(struct account_email_ids *e, int result)
{
	struct merging *m = container_of(e, struct merging, listing);
	if (result || m->stopped) {
		end_merging(m, result ? result : -ECANCELED, false);
		return;
	}
	m->there_count += e->count;
	if (e->count == e->room) {
		m->listing.after = e->ids[e->count - 1];
		list_more(m);
		return;
	}
	m->job = (struct search_job){.run = run, .done = ended};
	search_job_add(SEARCH_BUILDS, &m->job);
}

static void list_more(struct merging *m)
{
	if (m->there_count + SLICE > m->there_room) {
		m->there_room = m->there_room ? 2 * m->there_room : 4 * SLICE;
		m->there = mem_resize(m->there, m->there_room * sizeof *m->there);
	}
	m->listing.ids = m->there + m->there_count;
	account_email_ids(&store_role.accounts, &m->listing);
}

void store_search_merge(const struct account_search *state, store_search_merged *done, void *arg)
{
	struct segment_head *heads = mem_array(ACCOUNT_SEGMENTS_MAX, sizeof *heads);
	size_t chosen[SEGMENT_MERGED_MAX], n = 0;
	if (store_search_heads(state, heads) == 0)
		n = choose(heads, state->count, chosen);
	if (n == 0) {
		mem_free(heads);
		done(arg, 0, false);
		return;
	}
	struct merging *m = mem_alloc(sizeof *m);
	m->done = done;
	m->arg = arg;
	m->count = n;
	m->change = (struct account_search_change){
	    .shard = state->shard, .state = state->state, .covered = state->covered, .removed_count = n};
	uint64_t first = UINT64_MAX;
	for (size_t i = 0; i < n; i++) {
		const struct account_segment *s = &state->segments[chosen[i]];
		memcpy(m->blobs[i].parts, s->parts, sizeof s->parts);
		m->blobs[i].once = true;
		m->inputs[i] =
		    (struct segment_input){.head = heads[chosen[i]], .source = search_source(&m->blobs[i])};
		m->change.removed[i] = s->number;
		first = heads[chosen[i]].first_email < first ? heads[chosen[i]].first_email : first;
		m->last = heads[chosen[i]].last_email > m->last ? heads[chosen[i]].last_email : m->last;
	}
	m->listing = (struct account_email_ids){
	    .shard = state->shard, .after = first - 1, .last = m->last, .room = SLICE, .done = listed};
	mem_free(heads);
	merging_now = m;
	list_more(m);
}

void store_search_merge_stop(void)
{
	if (merging_now == NULL)
		return;
	merging_now->stopped = true;
	search_sink_abort(&merging_now->sink);
}
