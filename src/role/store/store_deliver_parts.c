/* See store_deliver_parts.h. */
#include "role/store/store_deliver_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/random.h"

enum { PART_BYTES = 64 * 1024 /* half of what a new record may have */ };

static int compare_accounts(const void *a, const void *b)
{
	const struct record_recipient *x = a, *y = b;
	return x->account < y->account ? -1 : x->account > y->account;
}

static size_t texts_of(const struct record_recipient *p)
{
	return p->address.len + p->orcpt.len + p->forwarder.len + p->destination.len + p->mailbox.len +
	       p->prefix.len;
}

/* What both ask for: nobody is told nothing while one of them wants to hear of something. */
static uint8_t both_notify(uint8_t a, uint8_t b)
{
	enum { UNSAID = NOTIFY_FAILURE | NOTIFY_DELAY }; /* what it means to say nothing */
	if (a == b || (b & NOTIFY_NEVER))
		return a;
	return a & NOTIFY_NEVER ? b : (uint8_t)((a ? a : UNSAID) | (b ? b : UNSAID));
}

/*
 * An account that was named often gets the message once; whoever wants to hear of it for each name hears of
 * so many. What the others want to hear of is told of the first.
 */
static size_t drop_doubles(struct record_recipient *all, size_t count)
{
	size_t kept = 0, run = 0, first = 0;
	for (size_t i = 0; i < count; i++) {
		bool same = kept > 0 && all[i].account != 0 && all[i].account == all[kept - 1].account;
		run = same ? run + 1 : 0;
		if (!same)
			first = kept;
		if (!same || (run < STORE_PART_RECIPIENTS && (all[i].notify & NOTIFY_SUCCESS)))
			all[kept++] = all[i];
		else
			all[first].notify = both_notify(all[first].notify, all[i].notify);
	}
	return kept;
}

void store_new_id(struct queue_id *id)
{
	char text[RANDOM_ID_SIZE];
	random_id(text);
	memcpy(id->text, text, sizeof id->text);
}

size_t store_deliver_parts(struct arena *arena, const struct queue_id *id, struct record_recipient *all,
    size_t *count, struct queue_part **out)
{
	struct queue_part *parts = arena_array(arena, *count, sizeof *parts);
	size_t bytes = 0, n = 0;
	if (parts == NULL)
		return 0;
	qsort(all, *count, sizeof *all, compare_accounts);
	*count = drop_doubles(all, *count);
	for (size_t i = 0; i < *count; i++) {
		struct queue_part *p = n ? &parts[n - 1] : NULL;
		bool same = i > 0 && all[i].account != 0 && all[i].account == all[i - 1].account;
		bool full =
		    p && (p->count >= STORE_PART_RECIPIENTS || bytes + texts_of(&all[i]) > PART_BYTES);
		if (p == NULL || (full && !same)) {
			p = &parts[n++];
			*p = (struct queue_part){.id = *id, .first = i};
			if (n > 1)
				store_new_id(&p->id);
			bytes = 0;
		}
		p->count++;
		bytes += texts_of(&all[i]);
	}
	*out = parts;
	return n;
}
