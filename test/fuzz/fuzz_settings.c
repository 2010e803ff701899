/* The configuration file, the editing of one setting in it, and the form in which settings reach the roles.
 */
#include "fuzz.h"

#include <string.h>

#include "base/mem.h"
#include "config/conf_edit.h"
#include "config/settings.h"

/* What is written into a file is read out of it again, and what else stood there too. */
static void edit(const char *file)
{
	struct conf before, after;
	struct findings found;
	struct buf text;
	unsigned line;
	conf_init(&before);
	conf_init(&after);
	findings_init(&found);
	buf_init(&text, CONF_SIZE_MAX);
	check(conf_read_text(&before, "f", view_from_string(file), &found) == 0);
	if (found.errors == 0) {
		(void)conf_edit(&before, VIEW("errors_max"), VIEW("{\"7\"}"), &text, &line);
		check(conf_read_text(&after, "f", buf_view(&text), &found) == 0 && found.errors == 0);
		const struct conf_statement *a = before.first, *b = conf_find(&after, VIEW("errors_max"));
		check(b && b->list && b->count == 1 && view_equal(b->values[0].text, VIEW("7")) &&
		      b->line == line);
		for (b = after.first; a; a = a->next, b = b->next)
			check(b && view_equal(a->name, b->name));
	}
	buf_done(&text);
	findings_done(&found);
	conf_done(&before);
	conf_done(&after);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct settings settings, copy = {0};
	struct buf problem, encoded;
	struct view text = view_of(data, size);
	/* An include would read files of the machine that fuzzes. */
	if (size > 4096 || memmem(data, size, "include", 7) || memchr(data, '\0', size))
		return 0;
	char *file = mem_string(text);
	edit(file);
	buf_init(&problem, 4096);
	buf_init(&encoded, 1 << 20);
	settings_init(&settings);
	if (settings_parse(&settings, file, &problem) == 0) {
		check(settings_encode(&settings, &encoded) == 0);
		check(settings_decode(&copy, buf_view(&encoded)) == 0);
		check(view_equal(settings.hostname, copy.hostname) &&
		      settings.message_size_max == copy.message_size_max);
		settings_done(&copy);
	}
	if (settings_decode(&copy, text) == 0)
		touch(copy.hostname);
	settings_done(&copy);
	settings_done(&settings);
	buf_done(&problem);
	buf_done(&encoded);
	mem_free(file);
	return 0;
}
