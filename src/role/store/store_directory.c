/* The directory's operations for auth: each a job on the store, answered when it is done. */
#include <errno.h>

#include "base/mem.h"
#include "role/store/directory_job.h"
#include "role/store/store_private.h"

static void done(struct directory_job *job)
{
	struct asked *asked = job->arg;
	struct message_directory_answer m;
	struct arena arena;
	arena_init(&arena, 1024 * 1024);
	if (!directory_job_answer(job, &arena, &m))
		m = (struct message_directory_answer){.error = -ENOMEM};
	asked_answer(asked, MESSAGE_DIRECTORY_ANSWER, &m);
	arena_done(&arena);
	mem_free(asked);
	directory_job_free(job);
}

void store_directory_received(struct link *auth, struct channel_frame *frame, const void *message)
{
	struct asked *asked = mem_alloc(sizeof *asked);
	if (asked_begin(asked, auth, frame)) {
		directory_job_start(&store_role.accounts, message, done, asked);
		return;
	}
	mem_free(asked);
	struct message_directory_answer busy = {.error = -EAGAIN};
	ipc_send(&auth->channel, MESSAGE_DIRECTORY_ANSWER, frame->request, &busy, -1);
}
