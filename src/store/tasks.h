/* Inside the embedded engine: long tasks on the upkeep thread. */
#ifndef STORE_TASKS_H
#define STORE_TASKS_H

#include "base/container.h"
#include "store/embedded.h"
#include "store/store_admin.h"

static inline struct store_task *task_of(struct store_pending *p)
{
	return container_of(p, struct store_task, pending);
}

/* Clears the results; `run` is what the upkeep thread will call, when the caller adds t->pending to its work.
 */
void task_prepare(
    struct store *s, struct store_task *t, void (*run)(struct store_pending *p, unsigned thread));

/* Clears the results and has `run` called on the upkeep thread. */
void task_start(struct store *s, struct store_task *t, void (*run)(struct store_pending *p, unsigned thread));

/* Sends the result to the loop; from any thread. */
void task_finish(struct store_task *t, int result);

/* Counts the volumes and their bytes; the total of the progress. */
int task_measure(struct embedded *e, struct store_task *t) __attribute__((warn_unused_result));

#endif
