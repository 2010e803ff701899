/*
 * Upkeep walks over all accounts of the directory, one at a time and with a pause behind each, so that it is
 * never noticed: an interrupted deletion is finished, deleted mail, tombstones and delivery ids past their
 * time are dropped. Accounts and domains that were removed, and whose time is over, are erased. Then old
 * trace records are removed, mostly dead volumes compacted and new ones packed.
 */
#include <errno.h>

#include "base/clock.h"
#include "base/log.h"
#include "directory/removed.h"
#include "role/store/directory_job.h"
#include "role/store/store_private.h"
#include "role/store/store_search.h"
#include "role/store/store_snooze.h"
#include "trace/trace_write.h"
#include "role/store/store_upkeep.h"
#include "store/store_admin.h"

enum {
	FIRST_MS = 60 * 1000,
	DAILY_MS = 24 * 3600 * 1000,
	PAUSE_MS = 5,
	LOOK_MS = 20 * 1000,
	DEAD_MIN = 256 << 20 /* bytes: four log files; less is not worth a walk over the index */
};

static struct {
	struct loop_timer timer;
	struct directory_job *job; /* the list under way */
	struct buf domain, after;  /* where the walk is */
	struct buf passed;         /* what could not be erased last: the next ones stand behind it */
	struct account_request request;
	struct buf accounts; /* shards of the list's part that are still to come, 8 bytes each */
	struct store_task task;
	uint64_t visited, dropped;
	bool running, listing_accounts, erasing, stopping;
} upkeep_walk;

/*
 * The queue leaves bodies that live for seconds. On a busy relay they would fill the disk long before the
 * day is over, so compaction comes when enough of them are dead: as much as pays for reading the index
 * twice and writing a copy of it, which is what it costs.
 */
static struct {
	struct loop_timer timer;
	struct store_task task;
	uint64_t freed; /* by the queue, up to the last compaction */
	bool running;
} upkeep_space;

static uint64_t freed_by_queue(void)
{
	struct queue_figures f;
	queue_figures(store_role.queue, &f);
	return f.freed_bytes;
}

static void space_made(struct store_task *task, int result)
{
	upkeep_space.running = false;
	log_event(result && result != -ECANCELED ? LOG_ERROR : LOG_INFO, "-", "queue-space",
	    log_u64("freed", task->freed), log_u64("files", task->volumes), log_result(result));
}

static void look_for_space(void *arg)
{
	struct store_stats stats;
	uint64_t freed = freed_by_queue();
	(void)arg;
	loop_timer_set(&upkeep_space.timer, LOOK_MS);
	store_stats(store_role.store, &stats);
	uint64_t enough = 2 * stats.index_bytes > DEAD_MIN ? 2 * stats.index_bytes : DEAD_MIN;
	/* On a disk that is nearly full everything counts. */
	if (stats.nearly_full && enough > DEAD_MIN)
		enough = DEAD_MIN;
	if (upkeep_space.running || stats.read_only || freed - upkeep_space.freed < enough)
		return;
	upkeep_space.freed = freed;
	upkeep_space.running = true;
	upkeep_space.task = (struct store_task){.done = space_made};
	store_compact(store_role.store, &upkeep_space.task);
}

static void later(int64_t ms)
{
	loop_timer_set(&upkeep_walk.timer, ms);
}

static void packed(struct store_task *task, int result)
{
	upkeep_walk.running = false;
	log_event(LOG_INFO, "-", "upkeep", log_u64("accounts", upkeep_walk.visited),
	    log_u64("dropped", upkeep_walk.dropped), log_u64("freed", task->freed), log_result(result));
	if (!upkeep_walk.stopping)
		later(DAILY_MS);
}

static void finish_walk(void)
{
	trace_expire();
	store_memo_expire();
	store_tally_expire();
	store_report_in_expire();
	upkeep_space.freed = freed_by_queue();
	upkeep_walk.task = (struct store_task){.done = packed};
	store_pack(store_role.store, &upkeep_walk.task);
}

/* What was removed and not brought back goes, a step at a time; then the walk ends. */
static void erase_more(void);

/* What cannot be erased keeps nobody else's mail from going: it is passed over until tomorrow. */
static bool pass_over(struct directory_job *job)
{
	struct view place = directory_job_place(job);
	/* Behind its time and kind: removed.h. */
	log_event(LOG_ERROR, "-", "removed-not-erased", log_text("name", view_skip(place, 8 + 1)),
	    log_errno(job->error),
	    log_string("do", "`postrider store check` says whether its data is damaged"));
	/* A disk that cannot be written is no better for the next one. */
	if (place.len == 0 || job->error == -EIO || job->error == -EROFS || job->error == -ENOSPC)
		return false;
	/* An account of a domain that stands behind what was passed over before is older than the domain. */
	if (view_compare(place, buf_view(&upkeep_walk.passed)) > 0) {
		buf_clear(&upkeep_walk.passed);
		buf_append(&upkeep_walk.passed, place);
	}
	return true;
}

static void erased(struct directory_job *job)
{
	bool more = job->error ? pass_over(job) : job->answer != 0;
	upkeep_walk.job = NULL;
	upkeep_walk.erasing = more;
	directory_job_free(job);
	if (upkeep_walk.stopping)
		return;
	if (more)
		later(PAUSE_MS);
	else
		finish_walk();
}

static void erase_more(void)
{
	int64_t until = clock_wall() - store_role.accounts.undelete_seconds;
	struct message_field after = {.value = buf_view(&upkeep_walk.passed)};
	struct message_directory m = {.operation = DIRECTORY_ERASE,
	    .number = until > DIRECTORY_ERASING ? (uint64_t)until : DIRECTORY_ERASING,
	    .fields = {.items = &after, .count = 1}};
	upkeep_walk.job = directory_job_start(&store_role.accounts, &m, erased, NULL);
}

static void visited(void)
{
	if (!upkeep_walk.stopping)
		later(PAUSE_MS);
}

static void snoozes_known(void)
{
	if (!upkeep_walk.stopping)
		store_submit_heal(upkeep_walk.request.shard, visited);
}

static void account_kept(struct account_request *r, int result)
{
	upkeep_walk.dropped += result == 0 ? r->count : 0;
	if (!upkeep_walk.stopping)
		store_snooze_heal(r->shard, snoozes_known);
}

static void account_repaired(struct account_request *r, int result)
{
	(void)result;
	uint64_t shard = r->shard;
	upkeep_walk.request = (struct account_request){.shard = shard, .done = account_kept};
	account_upkeep(&store_role.accounts, &upkeep_walk.request);
}

static void visit(uint64_t shard)
{
	upkeep_walk.visited++;
	store_search_note(shard);
	upkeep_walk.request = (struct account_request){.shard = shard, .done = account_repaired};
	account_repair(&store_role.accounts, &upkeep_walk.request);
}

static void take_domain(const struct message_directory_answer *m)
{
	const struct message_field *fields = m->fields.items;
	if (m->fields.count == 0) {
		upkeep_walk.erasing = true;
		later(PAUSE_MS);
		return;
	}
	buf_clear(&upkeep_walk.domain);
	buf_append(&upkeep_walk.domain, fields[0].value);
	buf_clear(&upkeep_walk.after);
	upkeep_walk.listing_accounts = true;
	later(PAUSE_MS);
}

static void take_accounts(const struct message_directory_answer *m)
{
	const struct message_field *fields = m->fields.items;
	for (size_t i = 0; i + DIRECTORY_ACCOUNT_FIELDS <= m->fields.count; i += DIRECTORY_ACCOUNT_FIELDS) {
		buf_append(&upkeep_walk.accounts, fields[i + 1].value);
		buf_clear(&upkeep_walk.after);
		buf_append(&upkeep_walk.after, fields[i].value);
	}
	if (m->fields.count < DIRECTORY_ACCOUNT_FIELDS * DIRECTORY_LIST_PART)
		upkeep_walk.listing_accounts = false; /* this domain's last part */
	later(PAUSE_MS);
}

static void listed(struct directory_job *job)
{
	struct message_directory_answer m;
	struct arena arena;
	arena_init(&arena, 1 << 20);
	if (job->error || !directory_job_answer(job, &arena, &m)) {
		upkeep_walk.running = false;
		later(DAILY_MS);
	} else if (upkeep_walk.listing_accounts) {
		take_accounts(&m);
	} else {
		take_domain(&m);
	}
	arena_done(&arena);
	upkeep_walk.job = NULL;
	directory_job_free(job);
}

static void list_more(void)
{
	struct message_field fields[2] = {
	    {.value = buf_view(&upkeep_walk.domain)}, {.value = buf_view(&upkeep_walk.after)}};
	struct message_directory m = {
	    .operation = upkeep_walk.listing_accounts ? DIRECTORY_ACCOUNT_LIST : DIRECTORY_DOMAIN_LIST,
	    .fields = {.items = fields, .count = upkeep_walk.listing_accounts ? 2 : 1}};
	upkeep_walk.job = directory_job_start(&store_role.accounts, &m, listed, NULL);
}

static void next_step(void *arg)
{
	(void)arg;
	if (upkeep_walk.stopping)
		return;
	if (upkeep_walk.erasing) {
		erase_more();
		return;
	}
	if (!upkeep_walk.running) {
		upkeep_walk.running = true;
		upkeep_walk.visited = upkeep_walk.dropped = 0;
		upkeep_walk.listing_accounts = false;
		buf_clear(&upkeep_walk.domain);
		buf_clear(&upkeep_walk.passed);
	}
	struct view waiting = buf_view(&upkeep_walk.accounts);
	if (waiting.len >= 8) {
		uint64_t shard = directory_number(waiting);
		buf_consume(&upkeep_walk.accounts, 8);
		visit(shard);
		return;
	}
	list_more();
}

void store_upkeep_start(void)
{
	buf_init(&upkeep_walk.domain, 1024);
	buf_init(&upkeep_walk.after, 2048);
	buf_init(&upkeep_walk.passed, 2048);
	buf_init(&upkeep_walk.accounts, 8 * DIRECTORY_LIST_PART);
	loop_timer_init(&upkeep_walk.timer, &store_role.process->loop, next_step, NULL);
	later(FIRST_MS);
	loop_timer_init(&upkeep_space.timer, &store_role.process->loop, look_for_space, NULL);
	loop_timer_set(&upkeep_space.timer, LOOK_MS);
}

void store_upkeep_stop(void)
{
	upkeep_walk.stopping = upkeep_walk.request.stop = true;
	loop_timer_cancel(&upkeep_walk.timer);
	loop_timer_cancel(&upkeep_space.timer);
}
