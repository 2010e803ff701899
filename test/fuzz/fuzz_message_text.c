/*
 * The texts of a message, and finding in them. What the first bytes name is looked for in every field; a
 * message in which the whole is found in the body, or in a field, has it in TEXT too.
 */
#include "fuzz.h"

#include <errno.h>

#include "format/fold.h"
#include "search/search_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct message_sought sought[MESSAGE_IN_FIELDS];
	struct search_terms terms;
	struct buf folded;
	if (size < 1)
		return 0;
	size_t needle = data[0] % 8 < size - 1 ? data[0] % 8 : size - 1;
	struct view text = view_of(data + 1, needle), message = view_of(data + 1 + needle, size - 1 - needle);
	buf_init(&folded, 1024);
	fold_casemap(text, &folded);
	for (size_t i = 0; i < MESSAGE_IN_FIELDS; i++)
		sought[i] = (struct message_sought){.field = (enum message_text_field)i,
		    .header = VIEW("Subject"),
		    .how = (enum message_text_how)(data[0] / 8 % 3),
		    .text = buf_view(&folded)};
	int error = message_text_find(message, sought, MESSAGE_IN_FIELDS);
	check(error == 0 || error == -ENOBUFS);
	check(!sought[MESSAGE_IN_BODY].found || sought[MESSAGE_IN_TEXT].found);
	check(!sought[MESSAGE_IN_SUBJECT].found || sought[MESSAGE_IN_HEADER].found);
	search_terms_init(&terms);
	check(search_message(message, NULL, NULL, 0, &terms) == 0);
	struct buf list;
	buf_init(&list, SEARCH_TERMS_WRITTEN_MAX);
	check(search_terms_write(&terms, &list) == 0);
	struct search_terms_reader r;
	enum search_section section;
	struct view term;
	size_t count = 0;
	search_terms_read(&r, buf_view(&list));
	while (search_terms_next(&r, &section, &term)) {
		touch(term);
		count++;
	}
	check(!r.broken && count == terms.count);
	search_terms_done(&terms);
	buf_done(&list);
	buf_done(&folded);
	return 0;
}
