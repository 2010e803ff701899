/* mailto URIs: what is read is text on one line, each address can be said in SMTP, and none stands twice. */
#include "fuzz.h"

#include "base/show.h"
#include "format/mailto.h"
#include "format/path.h"

static void check_addresses(const struct mailto *m, struct arena *arena)
{
	struct path path;
	for (size_t i = 0; i < m->address_count; i++) {
		check(mailbox_parse(m->addresses[i].address, arena, &path) == 0);
		check(show_is_value(m->addresses[i].address));
		for (size_t k = 0; k < i; k++)
			check(!view_equal_nocase(m->addresses[i].address, m->addresses[k].address));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	struct mailto m = {.address_count = 0};
	const char *problem = NULL;
	arena_init(&arena, 1 << 20);
	int error = mailto_parse(view_of(data, size), &arena, &m, &problem);
	check(error || mailto_is(view_of(data, size)));
	check((error != 0) == (problem != NULL));
	if (error == 0) {
		check(m.address_count <= MAILTO_ADDRESSES_MAX && m.field_count <= MAILTO_FIELDS_MAX);
		check_addresses(&m, &arena);
		check(show_is_value(m.subject));
		check(view_find(m.body, '\0') < 0);
		for (size_t i = 0; i < m.field_count; i++) {
			check(m.fields[i].name.len > 0 && view_find(m.fields[i].name, ':') < 0);
			check(show_is_value(m.fields[i].name) && show_is_value(m.fields[i].value));
		}
	}
	arena_done(&arena);
	return 0;
}
