/*
 * Messages as programs give them to `postrider sendmail`: each recipient can be said in SMTP and stands once,
 * and a completed message has a From field.
 */
#include "fuzz.h"

#include <errno.h>

#include "base/show.h"
#include "cli/sendmail_letter.h"
#include "format/header.h"
#include "format/path.h"

enum { MEMORY = 8 << 20 };

static void check_recipients(struct view text, struct view host)
{
	struct arena arena;
	struct compose_envelope envelope = {.count = 0};
	struct buf problem;
	struct path path;
	arena_init(&arena, MEMORY);
	buf_init(&problem, 1 << 16);
	int error = sendmail_letter_recipients(text, host, &arena, &envelope, &problem);
	check(error == 0 || error == -EINVAL || error == -ENOBUFS);
	check(error != -EINVAL || buf_failed(&problem) || buf_view(&problem).len > 0);
	for (size_t i = 0; i < envelope.count; i++) {
		check(mailbox_parse(envelope.items[i], &arena, &path) == 0 && path.domain.len > 0);
		check(show_is_value(envelope.items[i]));
		for (size_t k = 0; k < i; k++)
			check(!view_equal(envelope.items[i], envelope.items[k]));
	}
	buf_done(&problem);
	arena_done(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view text = view_of(data, size), body;
	struct sendmail_letter letter = {.hostname = VIEW("mail.example.org"),
	    .from = VIEW("root@mail.example.org"),
	    .name = VIEW("Root")};
	struct buf once;
	size_t from = 0;
	buf_init(&once, MEMORY);
	size_t end = sendmail_letter_dot(text, &from);
	check(end == SIZE_MAX || (end < size && data[end] == '.'));
	check_recipients(text, letter.hostname);
	if (sendmail_letter_write(&letter, text, &once) == 0)
		check(header_find(buf_view(&once), VIEW("From"), &body));
	buf_done(&once);
	return 0;
}
