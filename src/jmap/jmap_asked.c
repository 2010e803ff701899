/* Ids of a question and their answers: jmap_asked.h. */
#include "jmap/jmap_asked.h"

#include <errno.h>

#include "base/cursor.h"

void jmap_asked_init(struct jmap_asked *a)
{
	buf_init(&a->numbers, EMAIL_IDS_BYTES);
}

void jmap_asked_done(struct jmap_asked *a)
{
	buf_done(&a->numbers);
}

bool jmap_asked_take(struct jmap_call *c, const struct jmap_get *get, char letter, struct jmap_asked *a)
{
	uint64_t account, number;
	a->index = arena_array(jmap_arena(c), get->count + 1, sizeof *a->index);
	for (size_t i = 0; i < get->count && a->index; i++) {
		if (!mail_id_read(get->ids[i], letter, &account, &number) ||
		    account != jmap_account(c)->number) {
			jmap_get_missing(c, get->ids[i]);
			continue;
		}
		a->index[a->numbers.len / EMAIL_ID_SIZE] = i;
		buf_append_u64(&a->numbers, number);
	}
	if (a->index && !buf_failed(&a->numbers))
		return true;
	jmap_error_of(c, -ENOMEM, "the list");
	return false;
}

static bool next(struct jmap_asked *a, uint64_t *number, size_t *index)
{
	size_t offset = a->at * EMAIL_ID_SIZE;
	if (a->index == NULL || offset >= a->numbers.len)
		return false;
	struct cursor in = cursor_on(view_skip(buf_view(&a->numbers), offset));
	*number = cursor_u64(&in);
	*index = a->index[a->at++];
	return true;
}

void jmap_asked_pass(struct jmap_call *c, const struct jmap_get *get, struct jmap_asked *a, uint64_t number)
{
	uint64_t asked;
	size_t index;
	while (next(a, &asked, &index) && asked != number)
		jmap_get_missing(c, get->ids[index]);
}

void jmap_asked_end(struct jmap_call *c, const struct jmap_get *get, struct jmap_asked *a)
{
	uint64_t asked;
	size_t index;
	while (next(a, &asked, &index))
		jmap_get_missing(c, get->ids[index]);
}
