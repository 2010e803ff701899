/* The configuration file, and the form in which settings reach the roles. */
#include "fuzz.h"

#include <string.h>

#include "base/mem.h"
#include "config/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct settings settings, copy = {0};
	struct buf problem, encoded;
	struct view text = view_of(data, size);
	/* An include would read files of the machine that fuzzes. */
	if (size > 4096 || memmem(data, size, "include", 7) || memchr(data, '$', size))
		return 0;
	char *file = mem_string(text);
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
