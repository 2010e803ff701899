/* Records and other entries of the queue, as a damaged store would give them. The first byte chooses which.
 */
#include "fuzz.h"

#include "queue/keys.h"

static void touch_recipient(const struct record_recipient *p)
{
	touch(p->address);
	touch(p->destination);
	touch(p->route);
	touch(p->prefix);
	touch(p->reply);
	touch(p->verified);
	check(p->state <= RECORD_EXPANDED && p->action <= ACTION_EXPANDED);
	check(p->destination.len <= QUEUE_NAME_MAX && p->route.len <= QUEUE_ROUTE_MAX &&
	      p->reply.len <= QUEUE_REPLY_MAX);
}

/* What can be read can be written, and is then the same. */
static void record(struct view bytes)
{
	struct queue_record r, again;
	struct arena arena;
	struct buf first, second;
	arena_init(&arena, 1 << 20);
	buf_init(&first, 4 * QUEUE_RECORD_MAX);
	buf_init(&second, 4 * QUEUE_RECORD_MAX);
	if (queue_record_decode(bytes, &r, &arena) == 0) {
		check(r.count <= QUEUE_RECIPIENTS_MAX && r.terms.priority >= -9 && r.terms.priority <= 9);
		touch(r.terms.sender);
		touch(r.held_why);
		for (size_t i = 0; i < r.count; i++)
			touch_recipient(&r.recipients[i]);
		if (queue_record_encode(&r, &first) == 0) {
			check(buf_view(&first).len <= QUEUE_RECORD_MAX);
			check(queue_record_decode(buf_view(&first), &again, &arena) == 0 &&
			      again.count == r.count);
			check(queue_record_encode(&again, &second) == 0);
			check(view_equal(buf_view(&first), buf_view(&second)));
		}
	}
	arena_done(&arena);
	buf_done(&first);
	buf_done(&second);
}

static void found(void *arg, const struct blob_id *id)
{
	(void)arg;
	check(!blob_is_none(id));
}

static void others(struct view bytes)
{
	struct queue_destination d;
	struct queue_event e;
	struct queue_id id;
	struct view name;
	uint8_t rank;
	int64_t time;
	unsigned part;
	if (queue_destination_decode(bytes, &d) == 0) {
		touch(d.text);
		touch(d.route);
	}
	if (queue_event_decode(bytes, &e) == 0)
		check(e.flags <= 255);
	if (queue_key_read_wait(bytes, &name, &rank, &time, &id))
		touch(name);
	if (queue_key_read_due(bytes, &time, &name))
		touch(name);
	if (queue_key_read_event(bytes, &time, &id))
		touch(queue_id_view(&id));
	if (queue_key_read_record(bytes, &id, &part))
		touch(queue_id_view(&id));
	queue_names_blobs(queue_shard(1), view_take(bytes, 15), view_skip(bytes, 15), found, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view in = view_of(data, size);
	if (size == 0)
		return 0;
	if (data[0] & 1)
		others(view_skip(in, 1));
	else
		record(view_skip(in, 1));
	return 0;
}
