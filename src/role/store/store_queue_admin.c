/*
 * `postrider queue` at the store role: what is asked and answered stands in queue_command.h. Whatever goes
 * through the whole queue goes in slices (queue_walk.h); a list is first the places of the oldest that fit,
 * then their records; an order becomes an item for each message, of one slice after the other.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "process/queue_command.h"
#include "config/route.h"
#include "role/store/store_private.h"
#include "role/store/store_queue_json.h"
#include "role/store/store_queue_task.h"

enum {
	LIST_MAX = 100000, /* messages of one list: 3 MB of places */
	PIECE = 64 * 1024,
	LINE_MAX = 4 << 20,
	ARENA_MAX = 64 * 1024,
	DOMAIN_COUNT_MAX = 100000
};

/* ---- lists ---- */

static void list_found(struct queue_walk *w, const struct queue_found *f)
{
	struct queue_task *t = w->arg;
	t->listed++;
	store_queue_json(w, f, t->now, &t->out);
	queue_task_flush(t, PIECE);
	if (t->to && channel_backlog(t->to) >= CHANNEL_HIGH_WATER)
		queue_walk_pause(w);
}

static void list_done(struct queue_walk *w, int result)
{
	struct queue_task *t = w->arg;
	if (result && result != -ECANCELED)
		queue_task_fail(t, result);
	else
		queue_task_end(t, t->listed || t->verb == QUEUE_LIST ? 0 : 66);
}

static void list_places(struct queue_task *t)
{
	t->walk.destinations = true;
	t->walk.found = list_found;
	t->walk.done = list_done;
	queue_walk_places(&t->walk, t->places, t->place_count);
}

static void place_found(struct queue_walk *w, const struct queue_found *f)
{
	struct queue_task *t = w->arg;
	queue_oldest_add(t->places, &t->place_count, (size_t)t->limit, &f->place);
}

static void places_known(struct queue_walk *w, int result)
{
	struct queue_task *t = w->arg;
	if (result) {
		queue_task_fail(t, result);
		return;
	}
	queue_oldest_sort(t->places, t->place_count);
	list_places(t);
}

static void oldest_known(struct queue_count *c, int result)
{
	struct queue_task *t = c->arg;
	t->place_count = c->oldest_count;
	if (result)
		queue_task_fail(t, result);
	else
		list_places(t);
}

static void start_list(struct queue_task *t)
{
	const struct queue_filter *f = &t->walk.filter;
	t->limit = t->limit < LIST_MAX ? t->limit : LIST_MAX;
	t->places = mem_array((size_t)t->limit, sizeof *t->places);
	if (f->id_count == 0 && f->sender.len == 0 && f->domain.len == 0 && f->error.len == 0) {
		t->count = mem_alloc(sizeof *t->count);
		t->count->queue = store_role.queue;
		t->count->done = oldest_known;
		t->count->arg = t;
		t->count->oldest = t->places;
		t->count->want = (size_t)t->limit;
		t->count->before = f->before;
		queue_count_start(t->count);
		return;
	}
	t->walk.found = place_found;
	t->walk.done = places_known;
	queue_walk_start(&t->walk);
}

static void put_pauses(struct queue_task *t)
{
	struct queue_pause pause;
	size_t position = 0;
	bool any = false;
	while (queue_pause_each(store_role.queue, &position, &pause)) {
		buf_append_string(&t->out, any ? "," : ",\"paused\":[");
		store_queue_pause_json(&pause, &t->out);
		any = true;
	}
	buf_append_string(&t->out, any ? "]" : "");
}

static void counted(struct queue_count *c, int result)
{
	struct queue_task *t = c->arg;
	struct queue_figures figures;
	if (result) {
		queue_task_fail(t, result);
		return;
	}
	queue_figures(store_role.queue, &figures);
	buf_printf(&t->out,
	    "{\"messages\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"held\":%" PRIu64
	    ",\"active\":%zu,\"notifying\":%" PRIu64 ",\"destinations\":%" PRIu64 ",\"oldest\":%" PRId64
	    ",\"by_age\":[",
	    c->messages, c->bytes, c->held, figures.leases, c->notifying, c->destinations, c->first);
	for (size_t i = 0; i < QUEUE_AGES; i++)
		buf_printf(&t->out, "%s%" PRIu64, i ? "," : "", c->ages[i]);
	buf_append_string(&t->out, "]");
	put_pauses(t);
	buf_append_string(&t->out, "}\n");
	queue_task_end(t, 0);
}

static void start_count(struct queue_task *t)
{
	t->count = mem_alloc(sizeof *t->count);
	t->count->queue = store_role.queue;
	t->count->done = counted;
	t->count->now = t->now;
	t->count->arg = t;
	queue_count_start(t->count);
}

/* ---- orders ---- */

static void end_orders(struct queue_task *t)
{
	if (t->failed && t->changed == 0) {
		queue_task_fail(t, t->failed);
		return;
	}
	buf_printf(&t->out, "{\"changed\":%" PRIu64, t->changed);
	if (t->left)
		buf_printf(&t->out, ",\"left\":%" PRIu64, t->left);
	buf_append_string(&t->out, "}\n");
	queue_task_end(t, t->left ? 75 : t->changed ? 0 : 66);
}

struct order_item {
	struct queue_item item;
	struct queue_task *task;
	struct queue_place place;
	bool changed;
};

static int run_order(struct spool *s, struct queue_item *item)
{
	struct order_item *o = (struct order_item *)item;
	return change_ordered(s, o->place.shard, &o->place.id, &o->task->order, &o->changed);
}

static void order_done(struct queue *q, struct queue_item *item, int result)
{
	struct order_item *o = (struct order_item *)item;
	struct queue_task *t = o->task;
	(void)q;
	t->changed += result == 0 && o->changed;
	if (result) {
		t->failed = result;
		t->left++;
	}
	mem_free(o);
	if (--t->items > 0)
		return;
	if (t->walked)
		end_orders(t);
	else
		queue_walk_go(&t->walk);
}

static void order_found(struct queue_walk *w, const struct queue_found *f)
{
	struct queue_task *t = w->arg;
	/* What is on its way to a host might arrive there and elsewhere. */
	if (t->verb == QUEUE_REQUEUE && queue_is_leased(store_role.queue, &f->place.id)) {
		t->failed = -EBUSY;
		t->left++;
		return;
	}
	struct order_item *o = mem_alloc(sizeof *o);
	*o = (struct order_item){
	    .item = {.run = run_order, .done = order_done, .frees = true}, .task = t, .place = f->place};
	t->items++;
	queue_submit(store_role.queue, &o->item);
	queue_walk_pause(w);
}

static void order_walked(struct queue_walk *w, int result)
{
	struct queue_task *t = w->arg;
	if (result && result != -ECANCELED)
		t->failed = result;
	t->walked = true;
	if (t->items == 0)
		end_orders(t);
}

/* ---- a route for a destination ---- */

struct route_item {
	struct queue_item item;
	struct queue_task *task;
	uint64_t messages;
};

static int count_wait(void *arg, struct view key, struct view value)
{
	(void)key;
	(void)value;
	return ++*(uint64_t *)arg == DOMAIN_COUNT_MAX;
}

static int run_route(struct spool *s, struct queue_item *item)
{
	struct route_item *r = (struct route_item *)item;
	struct view name = r->task->walk.filter.domain;
	struct queue_destination d;
	struct queue_key from = queue_key_waits(name, 0), to = queue_key_behind_waits(name);
	r->messages = 0;
	int error = spool_destination(s, name, &d);
	for (unsigned i = 0; i < QUEUE_SHARDS && error >= 0; i++) {
		struct txn_range range = {
		    .shard = queue_shard(i), .from = queue_key_view(&from), .to = queue_key_view(&to)};
		if (d.shards >> i & 1)
			error = txn_range(s->txn, &range, count_wait, &r->messages);
		if (error > 0)
			break;
	}
	return error < 0 ? error : spool_destination_route(s, name, r->task->order.route);
}

static void route_done(struct queue *q, struct queue_item *item, int result)
{
	struct route_item *r = (struct route_item *)item;
	struct queue_task *t = r->task;
	(void)q;
	if (result == 0) {
		t->changed = r->messages;
		log_record(LOG_WARNING, "-", "queue-rerouted", log_text("destination", t->walk.filter.domain),
		    log_text("route", t->order.route), log_text("by", t->order.by),
		    log_text("why", t->order.why), log_u64("messages", r->messages));
	} else if (result != -ENOENT) {
		t->failed = result;
	}
	mem_free(r);
	end_orders(t);
}

static void start_order(struct queue_task *t)
{
	if (t->verb == QUEUE_ROUTE && t->walk.filter.id_count == 0) {
		struct route_item *r = mem_alloc(sizeof *r);
		*r = (struct route_item){
		    .item = {.run = run_route, .done = route_done, .frees = true}, .task = t};
		queue_submit(store_role.queue, &r->item);
		return;
	}
	t->walk.found = order_found;
	t->walk.done = order_walked;
	queue_walk_start(&t->walk);
}

/* ---- words ---- */

static const char *take_id(struct queue_task *t, struct view value)
{
	struct queue_filter *f = &t->walk.filter;
	if (f->id_count == WALK_IDS_MAX)
		return "too many ids";
	/* One that no message can have finds nothing. */
	if (!queue_id_from(value, &f->ids[f->id_count]))
		memset(&f->ids[f->id_count], '-', sizeof f->ids[f->id_count]);
	f->id_count++;
	return NULL;
}

static const char *take_number(struct queue_task *t, struct view name, uint64_t n)
{
	if (view_equal(name, VIEW("older"))) {
		t->walk.filter.before = t->now - (int64_t)n;
		t->limited = true;
	} else if (view_equal(name, VIEW("limit"))) {
		t->limit = n;
	} else if (view_equal(name, VIEW("until"))) {
		t->order.until = (int64_t)n;
	} else if (view_equal(name, VIEW("bounce"))) {
		t->order.kind = t->verb == QUEUE_DELETE && n ? CHANGE_BOUNCE : t->order.kind;
	} else if (view_equal(name, VIEW("all"))) {
		t->all = n != 0;
	} else {
		return "the running server does not know this option; does it run another version?";
	}
	return NULL;
}

static const char *take_option(struct queue_task *t, struct view name, struct view value)
{
	const struct {
		struct view name, *to;
	} texts[] = {{VIEW("sender"), &t->walk.filter.sender}, {VIEW("domain"), &t->walk.filter.domain},
	    {VIEW("error"), &t->walk.filter.error}, {VIEW("by"), &t->order.by}, {VIEW("why"), &t->order.why},
	    {VIEW("to"), &t->order.route}};
	uint64_t n;
	if (view_equal(name, VIEW("id")))
		return take_id(t, value);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		if (!view_equal(name, texts[i].name))
			continue;
		t->limited = t->limited || i < 3;
		return arena_copy(&t->arena, value, texts[i].to) ? NULL : "a value is too long";
	}
	if (!view_to_u64(value, INT64_MAX, &n))
		return "the running server does not know this option; does it run another version?";
	return take_number(t, name, n);
}

static enum queue_verb verb_of(struct view word)
{
	static const char *const names[QUEUE_VERBS] = {[QUEUE_LIST] = "list",
	    [QUEUE_SHOW] = "show",
	    [QUEUE_STATS] = "stats",
	    [QUEUE_AGE] = "age",
	    [QUEUE_CAT] = "cat",
	    [QUEUE_PAUSE] = "pause",
	    [QUEUE_RESUME] = "resume",
	    [QUEUE_RETRY] = "retry",
	    [QUEUE_HOLD] = "hold",
	    [QUEUE_RELEASE] = "release",
	    [QUEUE_DELETE] = "delete",
	    [QUEUE_ROUTE] = "route",
	    [QUEUE_REQUEUE] = "requeue"};
	for (size_t i = 0; i < QUEUE_VERBS; i++)
		if (view_equal(word, view_from_string(names[i])))
			return (enum queue_verb)i;
	return QUEUE_VERBS;
}

/* Keys have names in lower case. */
static void lower_domain(struct queue_task *t)
{
	struct queue_filter *f = &t->walk.filter;
	char *domain = (char *)(uintptr_t)f->domain.data;
	for (size_t i = 0; i < f->domain.len; i++)
		domain[i] = ascii_lower(domain[i]);
}

/* The destination is named by `domain`, or all are meant. */
static const char *check_pause(struct queue_task *t)
{
	const struct queue_filter *f = &t->walk.filter;
	if (f->domain.len > QUEUE_NAME_MAX || view_find(f->domain, '\0') >= 0 ||
	    view_find(f->domain, '>') >= 0)
		return "this is no destination's name";
	if (f->domain.len > 0 && (f->domain.data[0] == '@' || f->domain.data[0] == '*'))
		return "this is no destination's name";
	lower_domain(t);
	return NULL;
}

static const char *check_route(struct queue_task *t)
{
	struct queue_filter *f = &t->walk.filter;
	struct route route;
	const char *problem = NULL;
	if (f->id_count == 0 && f->domain.len == 0)
		return "which messages, or which domain?";
	lower_domain(t);
	if (t->order.route.len > QUEUE_ROUTE_MAX || view_find(t->order.route, '\0') >= 0)
		return "the route is too long";
	if (t->order.route.len && route_parse_target(t->order.route, &route, &problem) != 0)
		return problem ? problem : "not a valid route";
	return NULL;
}

static const char *read_words(struct queue_task *t, const struct message_field *words, size_t count)
{
	static const enum change_kind kinds[QUEUE_VERBS] = {[QUEUE_RETRY] = CHANGE_RETRY,
	    [QUEUE_HOLD] = CHANGE_HOLD,
	    [QUEUE_RELEASE] = CHANGE_RELEASE,
	    [QUEUE_DELETE] = CHANGE_DELETE,
	    [QUEUE_ROUTE] = CHANGE_ROUTE,
	    [QUEUE_REQUEUE] = CHANGE_REQUEUE};
	t->verb = verb_of(words[0].value);
	if (t->verb == QUEUE_VERBS)
		return "the running server does not know this command; does it run another version?";
	t->order.kind = kinds[t->verb];
	t->order.anew = store_queue_anew;
	for (size_t i = 1; i < count; i++) {
		struct view word = words[i].value;
		ptrdiff_t at = view_find(word, '=');
		const char *problem =
		    at < 0 ? "the running server does not know this option; does it run another version?"
		           : take_option(t, view_take(word, (size_t)at), view_skip(word, (size_t)at + 1));
		if (problem)
			return problem;
	}
	if (t->verb == QUEUE_ROUTE)
		return check_route(t);
	if (t->verb == QUEUE_PAUSE || t->verb == QUEUE_RESUME)
		return check_pause(t);
	bool about_all = t->verb == QUEUE_LIST || t->verb == QUEUE_STATS || t->verb == QUEUE_AGE;
	if (t->verb == QUEUE_CAT && t->walk.filter.id_count != 1)
		return "give the id of one message";
	if (!about_all && !t->all && !t->limited && t->walk.filter.id_count == 0)
		return "which messages?";
	return NULL;
}

/* ---- the command's life ---- */

struct queue_task *store_queue_command(struct channel *to, uint32_t request,
    const struct message_field *words, size_t count, void (*ended)(void *arg), void *arg)
{
	struct queue_task *t = mem_alloc(sizeof *t);
	t->to = to;
	t->request = request;
	t->ended = ended;
	t->arg = arg;
	t->limit = QUEUE_LIST_LIMIT;
	t->now = clock_wall();
	t->walk.queue = store_role.queue;
	t->walk.arg = t;
	arena_init(&t->arena, ARENA_MAX);
	buf_init(&t->out, LINE_MAX);
	const char *problem = read_words(t, words, count);
	if (problem) {
		buf_printf(&t->out, "%s\n", problem);
		queue_task_tell(t, buf_view(&t->out), 64, true);
		buf_done(&t->out);
		arena_done(&t->arena);
		mem_free(t);
		return NULL;
	}
	queue_task_begin(t);
	if (t->verb == QUEUE_STATS)
		start_count(t);
	else if (t->verb == QUEUE_AGE)
		queue_task_age(t);
	else if (t->verb == QUEUE_CAT)
		queue_task_cat(t);
	else if (t->verb == QUEUE_PAUSE || t->verb == QUEUE_RESUME)
		queue_task_pause(t);
	else if (t->verb <= QUEUE_SHOW)
		start_list(t);
	else
		start_order(t);
	return t;
}

void store_queue_command_go(struct queue_task *t)
{
	if (t->verb <= QUEUE_SHOW)
		queue_walk_go(&t->walk);
	else if (t->verb == QUEUE_CAT)
		queue_task_cat_go(t);
}

/* A change that was ordered goes on; a list ends. */
void store_queue_command_cancel(struct queue_task *t)
{
	t->to = NULL;
	if (t->count)
		t->count->stopped = true;
	if (t->verb <= QUEUE_CAT && t->walk.records)
		queue_walk_stop(&t->walk);
	else if (t->verb == QUEUE_CAT)
		queue_task_cat_go(t);
}

/* Its walk ends with its next slice. */
static void stop(struct queue_task *t)
{
	t->to = NULL;
	if (t->count)
		t->count->stopped = true;
	if (t->walk.records)
		queue_walk_stop(&t->walk);
	else if (t->verb == QUEUE_CAT)
		queue_task_cat_go(t);
}

/* The store is about to be closed. */
void store_queue_commands_stop(void)
{
	queue_task_each(stop);
}
