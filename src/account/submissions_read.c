/* Lists of submissions: see submissions.h. Their entries are read in one slice, whom they go to in several.
 */
#include <errno.h>
#include <string.h>

#include "account/change.h"
#include "account/submission_entries.h"
#include "base/container.h"
#include "base/mem.h"

enum {
	LIST_ROOM = SUBMISSION_COUNT_MAX + 1,
	MEMORY_MAX =
	    LIST_ROOM * 2048 + (32 << 20), /* texts of all, and of recipients: a hundred each of most */
	AT_ONCE = STORE_READ_KEYS_MAX - SUBMISSION_RECIPIENTS_MAX
};
_Static_assert((int)SUBMISSION_COUNT_MAX < (int)STORE_READ_KEYS_MAX, "one slice reads all of them");

static bool is_wanted(const struct account_submissions *s, uint64_t number)
{
	for (size_t i = 0; i < s->number_count; i++)
		if (s->numbers[i] == number)
			return true;
	return s->numbers == NULL;
}

static int add(void *arg, struct view key, struct view value)
{
	struct account_submissions *s = arg;
	struct account_submission *out = &s->list[s->count];
	uint64_t number;
	if (!key_read_submission(key, &number))
		return -EBADMSG;
	if (!is_wanted(s, number))
		return 0;
	if (s->count == LIST_ROOM)
		return -EBADMSG;
	/* One that is damaged is not there. */
	if (submission_decode(number, value, out) != 0 || out->modseq <= s->since)
		return 0;
	if (!arena_copy(s->arena, out->sender, &out->sender) ||
	    !arena_copy(s->arena, out->parameters, &out->parameters))
		return -ENOMEM;
	s->count++;
	return 0;
}

static int run_list(struct txn *t, void *arg)
{
	struct account_submissions *s = arg;
	struct account_head head;
	struct account_key from = key_submission(0), to = key_submission(UINT64_MAX);
	struct txn_range range = {.shard = s->shard, .from = key_view(&from), .to = key_view(&to)};
	s->count = 0;
	arena_reset(s->arena);
	int error = head_get(t, s->shard, &head);
	if (error)
		return error;
	s->state = head.submissions_modseq;
	return head.submissions == 0 ? 0 : txn_range(t, &range, add, s);
}

static int add_recipient(void *arg, struct view key, struct view value)
{
	struct account_submissions *s = arg;
	struct submission_recipient r;
	(void)key;
	return submission_recipient_decode(value, &r) == 0 ? submission_recipient_put(s->text, &r) : 0;
}

static int run_recipients(struct txn *t, void *arg)
{
	struct account_submissions *s = arg;
	size_t read = 0;
	int error = 0;
	for (s->next = s->at; s->next < s->count && read < AT_ONCE && error == 0; s->next++) {
		const struct account_submission *of = &s->list[s->next];
		struct account_key from = key_submission_recipient(of->number, 0),
		                   to = key_submission_recipient(of->number, SUBMISSION_RECIPIENTS_MAX);
		struct txn_range range = {.shard = s->shard, .from = key_view(&from), .to = key_view(&to)};
		buf_clear(s->text);
		error = txn_range(t, &range, add_recipient, s);
		if (error == 0 && !arena_copy(s->arena, buf_view(s->text), &s->recipients[s->next]))
			error = -ENOMEM;
		read += of->recipients + 1;
	}
	return error;
}

static void end(struct account_submissions *s, int result)
{
	if (result)
		account_submissions_free(s);
	s->done(s, result);
}

static void go_on(struct account_submissions *s);

static void recipients_read(struct store_read *read, int result)
{
	struct account_submissions *s = container_of(read, struct account_submissions, read);
	s->at = s->next;
	if (result)
		end(s, result);
	else
		go_on(s);
}

static void go_on(struct account_submissions *s)
{
	if (!s->with_recipients || s->at == s->count) {
		end(s, 0);
		return;
	}
	s->read =
	    (struct store_read){.shard = s->shard, .run = run_recipients, .arg = s, .done = recipients_read};
	store_read(s->accounts->store, &s->read);
}

static void listed(struct store_read *read, int result)
{
	struct account_submissions *s = container_of(read, struct account_submissions, read);
	s->at = 0;
	if (result)
		end(s, result);
	else
		go_on(s);
}

void account_submissions(struct accounts *a, struct account_submissions *s)
{
	s->accounts = a;
	s->list = mem_array(LIST_ROOM, sizeof *s->list);
	s->recipients = mem_array(LIST_ROOM, sizeof *s->recipients);
	memset(s->recipients, 0, LIST_ROOM * sizeof *s->recipients);
	s->arena = mem_alloc(sizeof *s->arena);
	arena_init(s->arena, MEMORY_MAX);
	s->text = mem_alloc(sizeof *s->text);
	buf_init(s->text, SUBMISSION_RECIPIENTS_BYTES_MAX);
	s->read = (struct store_read){.shard = s->shard, .run = run_list, .arg = s, .done = listed};
	store_read(a->store, &s->read);
}

void account_submissions_free(struct account_submissions *s)
{
	mem_free(s->list);
	mem_free(s->recipients);
	if (s->arena)
		arena_done(s->arena);
	mem_free(s->arena);
	if (s->text)
		buf_done(s->text);
	mem_free(s->text);
	s->list = NULL;
	s->recipients = NULL;
	s->arena = NULL;
	s->text = NULL;
	s->count = 0;
}
