/* File links in URLs: each has one text. Names of files: what was cleaned is clean, and stays as it is. */
#include "fuzz.h"

#include <string.h>

#include "base/utf8.h"
#include "mail/file_link.h"

static void check_reference(struct view text)
{
	struct file_link_ref ref, untouched;
	struct buf out;
	memset(&ref, 0xa5, sizeof ref);
	memset(&untouched, 0xa5, sizeof untouched);
	if (!file_link_read(text, &ref)) {
		check(memcmp(&ref, &untouched, sizeof ref) == 0);
		return;
	}
	buf_init(&out, FILE_LINK_PATH_MAX);
	check(file_link_write(&out, &ref) == 0);
	check(view_equal(buf_view(&out), text));
	buf_done(&out);
}

static void check_name(struct view text)
{
	struct buf clean, again;
	buf_init(&clean, FILE_LINK_NAME_MAX + 1);
	buf_init(&again, FILE_LINK_NAME_MAX + 1);
	file_link_clean_name(&clean, text);
	struct view name = buf_view(&clean);
	check(name.len > 0 && name.len <= FILE_LINK_NAME_MAX && utf8_valid(name));
	check(view_find(name, '/') < 0 && view_find(name, '\\') < 0 && view_find(name, '\0') < 0);
	check(view_find(name, '\r') < 0 && view_find(name, '\n') < 0);
	check(!view_equal(name, VIEW(".")) && !view_equal(name, VIEW("..")));
	file_link_clean_name(&again, name);
	check(view_equal(buf_view(&again), name));
	buf_done(&clean);
	buf_done(&again);
}

/* Of a URL's path: what stands before "/" is the reference, and what stands behind it a name. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view rest = view_of(data, size), reference;
	check_reference(rest);
	if (view_next(&rest, '/', &reference))
		check_reference(reference);
	check_name(rest);
	return 0;
}
