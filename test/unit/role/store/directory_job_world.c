/* See directory_job_world.h. */
#include "directory_job_world.h"

struct directory_job *job;
static struct arena arena;
struct message_directory_answer answer;
bool finished;

static void done(struct directory_job *ended)
{
	job = ended;
	finished = true;
}

static void forget(void)
{
	if (job)
		directory_job_free(job);
	job = NULL;
	arena_reset(&arena);
}

int start_memory(void **state)
{
	arena_init(&arena, 1 << 20);
	return test_accounts_memory(state);
}

int start_embedded(void **state)
{
	arena_init(&arena, 1 << 20);
	return test_accounts_embedded(state);
}

int stop(void **state)
{
	forget();
	arena_done(&arena);
	return test_accounts_close(state);
}

/* Asks with fields until the NULL; `answer` is good until the next question. Its error. */
int ask_views(uint64_t operation, uint64_t number, const struct view *fields, size_t count)
{
	struct message_field items[DIRECTORY_FIELDS_MAX + 1];
	for (size_t i = 0; i < count; i++)
		items[i].value = fields[i];
	struct message_directory m = {
	    .operation = operation, .number = number, .fields = {.items = items, .count = count}};
	forget();
	finished = false;
	directory_job_start(&accounts, &m, done, NULL);
	memset(items, 0x55, sizeof items); /* the job has its own copy */
	test_wait(accounts.store, &finished);
	assert_true(directory_job_answer(job, &arena, &answer));
	if (answer.error &&
	    (operation != DIRECTORY_DOMAIN_DELETE || !directory_may_have_changed(operation, answer.error)))
		assert_int_equal(answer.fields.count, 0);
	return (int)answer.error;
}

int ask(uint64_t operation, uint64_t number, const char *a, const char *b, const char *c, const char *d)
{
	const char *texts[] = {a, b, c, d};
	struct view fields[4] = {{0}};
	size_t count = 0;
	while (count < 4 && texts[count]) {
		fields[count] = view_from_string(texts[count]);
		count++;
	}
	return ask_views(operation, number, fields, count);
}

struct view field(size_t n)
{
	assert_true(n < answer.fields.count);
	return ((const struct message_field *)answer.fields.items)[n].value;
}

uint64_t add_domain_and_alice(void)
{
	assert_int_equal(ask(DIRECTORY_DOMAIN_PUT, 0, "example.test", "", "", "+"), 0);
	assert_int_equal(ask(DIRECTORY_ACCOUNT_ADD, 1000000, "alice@example.test", "secret", NULL, NULL), 0);
	assert_true(answer.number != 0);
	return answer.number;
}

/* For good: marked, and then erased in steps. */
void remove_now(const char *address)
{
	assert_int_equal(ask(DIRECTORY_ACCOUNT_DELETE, DIRECTORY_REMOVE_NOW, address, NULL, NULL, NULL), 0);
	assert_int_equal(ask(DIRECTORY_ACCOUNT_RESTORE, 0, address, NULL, NULL, NULL), -EKEYEXPIRED);
	do {
		assert_int_equal(ask(DIRECTORY_ERASE, 1, "", NULL, NULL, NULL), 0);
	} while (answer.number != 0);
	assert_int_equal(ask(DIRECTORY_ACCOUNT_RESTORE, 0, address, NULL, NULL, NULL), -ENOENT);
}
