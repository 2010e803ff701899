/* The common part of check and compaction: see tasks.h. */
#include "store/tasks.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "store/log_scan.h"

static void hand_out(struct store_pending *p, unsigned thread)
{
	struct store_task *t = task_of(p);
	(void)thread;
	embedded_of(p->store)->under_way--;
	if (t->ended)
		t->ended(p->store);
	t->done(t, p->result);
}

void task_prepare(
    struct store *s, struct store_task *t, void (*run)(struct store_pending *p, unsigned thread))
{
	atomic_store(&t->progress, 0);
	atomic_store(&t->total, 0);
	t->records = t->blobs = t->entries = t->damaged = t->missing = t->unreadable = t->volumes =
	    t->volume_bytes = t->packed = t->packed_bytes = t->written = t->freed = 0;
	t->ended = NULL;
	t->pending = (struct store_pending){.store = s, .act = run};
	embedded_of(s)->under_way++;
}

void task_start(struct store *s, struct store_task *t, void (*run)(struct store_pending *p, unsigned thread))
{
	task_prepare(s, t, run);
	workers_add(&embedded_of(s)->upkeep, &t->pending);
}

void task_finish(struct store_task *t, int result)
{
	if (embedded_count_aside(embedded_of(t->pending.store), &t->aside, &t->aside_bytes) != 0)
		t->unreadable++;
	t->pending.result = result;
	t->pending.act = hand_out;
	completions_add(&embedded_of(t->pending.store)->completions, &t->pending);
}

static void measure(struct store_pending *p, unsigned thread)
{
	struct embedded *e = embedded_of(p->store);
	struct store_task counts = {0};
	(void)thread;
	atomic_store(&e->measuring, false);
	if (task_measure(e, &counts) != 0)
		return;
	atomic_store(&e->volume_count, counts.volumes);
	atomic_store(&e->volume_bytes, counts.volume_bytes);
	atomic_store(&e->packed_count, counts.packed);
	atomic_store(&e->packed_bytes, counts.packed_bytes);
	atomic_store(&e->aside_count, counts.aside);
	atomic_store(&e->aside_bytes, counts.aside_bytes);
}

void embedded_measure(struct embedded *e)
{
	if (atomic_exchange(&e->measuring, true))
		return;
	e->measure_job = (struct store_pending){.store = &e->base, .act = measure};
	workers_add(&e->upkeep, &e->measure_job);
}

int task_measure(struct embedded *e, struct store_task *t)
{
	for (enum segment_kind kind = SEGMENT_LOG; kind <= SEGMENT_KEPT; kind++) {
		uint32_t *files;
		size_t count;
		int error = segment_list(e->volumes_fd, kind, 0, &files, &count);
		if (error)
			return error;
		for (size_t i = 0; i < count; i++) {
			char name[SEGMENT_NAME_SIZE];
			struct stat st;
			segment_name(name, kind, files[i]);
			if (fstatat(e->volumes_fd, name, &st, 0) != 0)
				continue;
			t->volumes++;
			t->volume_bytes += (uint64_t)st.st_size;
			t->packed += kind == SEGMENT_KEPT;
			t->packed_bytes += kind == SEGMENT_KEPT ? (uint64_t)st.st_size : 0;
		}
		mem_free(files);
	}
	if (embedded_count_aside(e, &t->aside, &t->aside_bytes) != 0)
		t->unreadable++;
	atomic_store(&t->total, t->volume_bytes);
	return 0;
}
