/* How an operation of the directory ends: its answer's fields, and the answer. */
#include "base/cursor.h"
#include "role/store/directory_job_private.h"

void directory_job_put(struct directory_job *job, struct view v)
{
	buf_append_u32(&job->out, (uint32_t)v.len);
	buf_append(&job->out, v);
}

void directory_job_put_number(struct directory_job *job, uint64_t n)
{
	buf_append_u32(&job->out, 8);
	buf_append_u64(&job->out, n);
}

bool directory_job_answer(
    const struct directory_job *job, struct arena *arena, struct message_directory_answer *m)
{
	struct cursor c = cursor_on(buf_view(&job->out));
	size_t count = 0;
	for (; !cursor_at_end(&c) && cursor_ok(&c); count++)
		cursor_bytes(&c, cursor_u32(&c));
	struct message_field *fields = arena_array(arena, count + 1, sizeof *fields);
	if (fields == NULL)
		return false;
	c = cursor_on(buf_view(&job->out));
	for (size_t i = 0; i < count; i++)
		fields[i].value = cursor_bytes(&c, cursor_u32(&c));
	*m = (struct message_directory_answer){
	    .error = job->error, .number = job->answer, .fields = {.items = fields, .count = count}};
	return true;
}

void directory_job_finish(struct directory_job *job, int error)
{
	job->error = error;
	/* If nobody knows whether the accounts went, their sessions end. */
	bool names_gone =
	    job->operation == DIRECTORY_DOMAIN_DELETE && directory_may_have_changed(job->operation, error);
	if (error && !names_gone)
		buf_clear(&job->out);
	job->done(job);
}

void directory_job_commit(
    struct directory_job *job, int (*run)(struct txn *, void *), void (*done)(struct store_commit *, int))
{
	job->commit = (struct store_commit){.run = run, .arg = job, .done = done, .frees_space = true};
	store_commit(job->accounts->store, &job->commit);
}
