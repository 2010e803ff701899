/* The directory's operations for auth: each a job on the store, answered when it is done. */
#include "base/mem.h"
#include "daemon/directory_job.h"
#include "daemon/store_private.h"

struct asked {
	uint32_t request;
	uint64_t generation;
};

static void done(struct directory_job *job)
{
	struct asked *asked = job->arg;
	struct message_directory_answer m;
	struct arena arena;
	arena_init(&arena, 1024 * 1024);
	if (store_role.auth.up && asked->generation == store_role.auth.generation &&
	    directory_job_answer(job, &arena, &m))
		ipc_send(&store_role.auth.channel, MESSAGE_DIRECTORY_ANSWER, asked->request, &m, -1);
	arena_done(&arena);
	mem_free(asked);
	directory_job_free(job);
}

void store_directory_received(struct link *auth, struct channel_frame *frame)
{
	struct message_directory m;
	if (!link_decode(auth, frame, &m))
		return;
	struct asked *asked = mem_alloc(sizeof *asked);
	*asked = (struct asked){.request = frame->request, .generation = auth->generation};
	directory_job_start(&store_role.accounts, &m, done, asked);
}
