/*
 * The directory's operations for auth, keys and relay: each a job on the store, answered when it is done.
 * What is sealed of signing keys leaves store to keys alone, and only keys changes them; keys is told when
 * there is something to do for it.
 */
#include <errno.h>

#include "base/log.h"
#include "base/mem.h"
#include "role/store/directory_job.h"
#include "role/store/store_group_joined.h"
#include "role/store/store_group_left.h"
#include "role/store/store_private.h"

static unsigned answer_to(const struct link *link)
{
	return link->peer == ROLE_AUTH ? MESSAGE_DIRECTORY_ANSWER : MESSAGE_SIGNING_ANSWER;
}

/* Whether it concerns the keys that sign mail: there are other domains now, or somebody has a wish. */
static bool concerns_keys(const struct directory_job *job)
{
	return job->error == 0 &&
	       (job->operation == DIRECTORY_DOMAIN_PUT || job->operation == DIRECTORY_DOMAIN_DELETE ||
	           job->operation == DIRECTORY_DOMAIN_RESTORE || job->operation == DIRECTORY_ERASE ||
	           job->operation == DIRECTORY_SIGNING_ROTATE);
}

static void done(struct directory_job *job)
{
	struct asked *asked = job->arg;
	/* Before the answer: who adds a domain finds it known when mail from it is signed. */
	if (concerns_keys(job))
		peers_tell(&store_role.keys, MESSAGE_SIGNING_CHANGED, &(struct message_empty){0});
	/* What failed may have changed something, too. */
	if (directory_operation_changes(job->operation))
		peers_tell_others(
		    &store_role.auth, asked->link, MESSAGE_DIRECTORY_CHANGED, &(struct message_revoke){0});
	if (job->operation == DIRECTORY_GROUP_ADD && job->error == 0)
		store_group_joined(job->fields[0], job->fields[1]);
	if (job->operation == DIRECTORY_GROUP_REMOVE && job->error == 0)
		store_group_left(job->fields[1]);
	struct message_directory_answer m;
	struct arena arena;
	arena_init(&arena, 1024 * 1024);
	if (!directory_job_answer(job, &arena, &m))
		m = (struct message_directory_answer){.error = -ENOMEM};
	asked_answer(asked, answer_to(asked->link), &m);
	arena_done(&arena);
	mem_free(asked);
	directory_job_free(job);
}

/* Auth asks for people and for the command line; keys for its own entries, and for the names of domains;
 * relay for these names, and what is published of their keys. */
static bool may_ask(unsigned peer, const struct message_directory *m)
{
	switch ((enum directory_operation)m->operation) {
	case DIRECTORY_SIGNING_PUT:
	case DIRECTORY_SIGNING_DELETE:
		return peer == ROLE_KEYS;
	case DIRECTORY_SIGNING_LIST:
		return peer == ROLE_KEYS || m->number != DIRECTORY_SIGNING_SEALED;
	case DIRECTORY_DOMAIN_LIST:
		return true;
	default:
		return peer == ROLE_AUTH;
	}
}

void store_directory_received(struct link *link, struct channel_frame *frame, const void *message)
{
	const struct message_directory *m = message;
	if (!may_ask(link->peer, m)) {
		struct message_directory_answer refused = {.error = -EACCES};
		log_event(LOG_ERROR, "-", "directory-refused", log_string("peer", role_bit_name(link->peer)),
		    log_string("operation", directory_operation_name(m->operation)));
		ipc_send(&link->channel, answer_to(link), frame->request, &refused, -1);
		return;
	}
	struct asked *asked = mem_alloc(sizeof *asked);
	if (asked_begin(asked, link, frame)) {
		directory_job_start(&store_role.accounts, m, done, asked);
		return;
	}
	mem_free(asked);
	struct message_directory_answer busy = {.error = -EAGAIN};
	ipc_send(&link->channel, answer_to(link), frame->request, &busy, -1);
}
