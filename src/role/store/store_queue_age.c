/*
 * `postrider queue age`: how many messages wait for each destination, by how long ago they came. A row on the
 * right is mail that is stuck; one on the left is mail that came just now.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"
#include "format/json.h"
#include "role/store/store_queue_task.h"

enum {
	AGES = 10,
	ROWS_MAX = 10000 /* destinations that are told apart: the others are one row */
};

/* Seconds; the last column is what is older. */
static const int64_t limits[AGES - 1] = {
    5 * 60, 10 * 60, 20 * 60, 40 * 60, 80 * 60, 160 * 60, 320 * 60, 640 * 60, 1280 * 60};

struct row {
	char *name; /* NULL: all others */
	uint64_t messages, ages[AGES];
};

struct ages {
	struct map by_name;
	struct row total, others;
};

static void add(struct row *row, int64_t age)
{
	size_t k = 0;
	while (k < AGES - 1 && age >= limits[k])
		k++;
	row->messages++;
	row->ages[k]++;
}

static struct row *row_of(struct ages *a, struct view name)
{
	struct row *row = map_get(&a->by_name, name);
	if (row == NULL && a->by_name.count == ROWS_MAX)
		return &a->others;
	if (row == NULL) {
		row = mem_alloc(sizeof *row);
		*row = (struct row){.name = mem_string(name)};
		map_set(&a->by_name, name, row);
	}
	return row;
}

/* A message counts once for each destination that it waits for. */
static void found(struct queue_walk *w, const struct queue_found *f)
{
	struct queue_task *t = w->arg;
	struct ages *a = t->own;
	const struct queue_record *r = f->record;
	int64_t age = t->now - r->arrived;
	bool waits = false;
	for (size_t i = 0; i < r->count; i++) {
		const struct record_recipient *p = &r->recipients[i];
		bool seen = p->state != RECORD_WAITING;
		for (size_t k = 0; k < i && !seen; k++)
			seen = r->recipients[k].state == RECORD_WAITING &&
			       view_equal(r->recipients[k].destination, p->destination);
		if (seen)
			continue;
		add(row_of(a, p->local ? QUEUE_LOCAL : p->destination), age);
		waits = true;
	}
	if (waits)
		add(&a->total, age);
}

static int most_first(const void *a, const void *b)
{
	const struct row *x = *(struct row *const *)a, *y = *(struct row *const *)b;
	return x->messages > y->messages ? -1 : x->messages < y->messages;
}

static void put_row(struct buf *out, const struct row *row)
{
	buf_append_string(out, "{\"name\":");
	json_append_string(out, view_from_string(row->name));
	buf_printf(out, ",\"messages\":%" PRIu64 ",\"ages\":[", row->messages);
	for (size_t i = 0; i < AGES; i++)
		buf_printf(out, "%s%" PRIu64, i ? "," : "", row->ages[i]);
	buf_append_string(out, "]}");
}

static void put(struct queue_task *t, struct ages *a)
{
	size_t count = 0, position = 0, shown = 0;
	void *value;
	struct row **rows = mem_array(a->by_name.count + 1, sizeof(struct row *));
	while (map_each(&a->by_name, &position, NULL, &value))
		rows[count++] = value;
	qsort(rows, count, sizeof rows[0], most_first);
	buf_append_string(&t->out, "{\"limits\":[");
	for (size_t i = 0; i < AGES - 1; i++)
		buf_printf(&t->out, "%s%" PRId64, i ? "," : "", limits[i]);
	buf_append_string(&t->out, "],\"total\":");
	put_row(&t->out, &a->total);
	buf_append_string(&t->out, ",\"destinations\":[");
	for (; shown < count && shown < t->limit; shown++) {
		buf_append_string(&t->out, shown ? "," : "");
		put_row(&t->out, rows[shown]);
	}
	buf_append_string(&t->out, "]");
	if (a->others.messages > 0) {
		buf_append_string(&t->out, ",\"others\":");
		put_row(&t->out, &a->others);
	}
	buf_printf(&t->out, ",\"more\":%zu}\n", count - shown);
	mem_free(rows);
}

static void done(struct queue_walk *w, int result)
{
	struct queue_task *t = w->arg;
	struct ages *a = t->own;
	size_t position = 0;
	void *value;
	if (result == 0)
		put(t, a);
	while (map_each(&a->by_name, &position, NULL, &value)) {
		mem_free(((struct row *)value)->name);
		mem_free(value);
	}
	map_done(&a->by_name);
	mem_free(a);
	if (result)
		queue_task_fail(t, result);
	else
		queue_task_end(t, 0);
}

void queue_task_age(struct queue_task *t)
{
	struct ages *a = mem_alloc(sizeof *a);
	*a = (struct ages){.total = {.name = NULL}};
	map_init(&a->by_name);
	t->own = a;
	t->walk.found = found;
	t->walk.done = done;
	queue_walk_start(&t->walk);
}
