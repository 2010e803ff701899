/* The check of annotations and metadata, in slices: see check_noted.h. */
#include "account/check_noted.h"

#include <errno.h>
#include <string.h>

#include "account/change.h"
#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"

enum {
	TRIES = 5,
	SLICE = 1024 /* entries that one read looks at */
};

static int add(void *arg, struct view key, struct view value)
{
	struct account_check_noted *x = arg;
	struct account_value found;
	uint32_t mailbox, uid;
	uint64_t user;
	struct view name;
	x->seen++;
	x->counts[x->metadata]++;
	if (value_decode(value, &found) == 0)
		x->bytes += found.size;
	/* The next slice begins right behind it. */
	memcpy(x->from, key.data, key.len);
	x->from[key.len] = '\0';
	x->from_len = key.len + 1;
	if (x->metadata)
		return 0;
	if (!key_read_annotation(key, &mailbox, &uid, &user, &name)) {
		x->wrong = true;
		return 0;
	}
	const struct account_place *last = x->place_count ? &x->places[x->place_count - 1] : NULL;
	if (last == NULL || last->mailbox != mailbox || last->uid != uid)
		x->places[x->place_count++] = (struct account_place){mailbox, uid};
	return 0;
}

static int look_for_messages(struct account_check_noted *x, struct txn *t)
{
	struct view value;
	int error = 0;
	for (size_t i = 0; i < x->place_count && error == 0; i++) {
		error = key_get(t, x->shard, key_message(x->places[i].mailbox, x->places[i].uid), &value);
		if (error == -ENOENT) {
			x->wrong = true;
			error = 0;
		}
	}
	return error;
}

static void compare(struct account_check_noted *x, const struct account_head *head)
{
	if (x->counts[0] != head->annotations || x->counts[1] != head->metadata ||
	    x->bytes != head->noted_bytes)
		x->wrong = true;
}

static int run_slice(struct txn *t, void *arg)
{
	struct account_check_noted *x = arg;
	struct account_head head;
	struct txn_range range = {.shard = x->shard,
	    .from = view_of(x->from, x->from_len),
	    .to = x->metadata ? VIEW("X") : VIEW("B"),
	    .limit = SLICE};
	x->seen = x->place_count = 0;
	int error = head_get(t, x->shard, &head);
	if (error)
		return error;
	if (x->modseq == 0)
		x->modseq = head.modseq;
	x->changed = x->modseq != head.modseq;
	if (x->changed)
		return 0;
	error = txn_range(t, &range, add, x);
	if (error == 0)
		error = look_for_messages(x, t);
	if (error == 0 && x->metadata && x->seen < SLICE)
		compare(x, &head);
	return error;
}

static void begin(struct account_check_noted *x, bool metadata)
{
	x->metadata = metadata;
	x->from[0] = metadata ? 'W' : 'A';
	x->from_len = 1;
}

static void begin_all(struct account_check_noted *x)
{
	x->wrong = false;
	x->modseq = x->counts[0] = x->counts[1] = x->bytes = 0;
	begin(x, false);
}

static void end(struct account_check_noted *x, int result)
{
	mem_free(x->places);
	if (x->wrong && result == 0)
		log_event(LOG_ERROR, "-", "annotations-contradict", log_u64("account", x->shard),
		    log_u64("annotations", x->counts[0]), log_u64("metadata", x->counts[1]),
		    log_u64("bytes", x->bytes));
	x->done(x, result);
}

static bool goes_on(struct account_check_noted *x)
{
	if (x->changed) {
		begin_all(x);
		return ++x->tries < TRIES;
	}
	if (x->seen == SLICE)
		return true;
	if (x->metadata)
		return false;
	begin(x, true);
	return true;
}

static void looked(struct store_read *read, int result)
{
	struct account_check_noted *x = container_of(read, struct account_check_noted, read);
	if (result == 0 && goes_on(x))
		store_read(x->accounts->store, read);
	else
		end(x, result);
}

void account_check_noted(struct accounts *a, struct account_check_noted *x)
{
	x->accounts = a;
	x->tries = 0;
	x->places = mem_array(SLICE, sizeof *x->places);
	begin_all(x);
	x->read = (struct store_read){.shard = x->shard, .run = run_slice, .arg = x, .done = looked};
	store_read(a->store, &x->read);
}
