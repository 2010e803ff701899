/* The frame of Foo/set (RFC 8620 section 5.3). */
#include "jmap/jmap_state.h"

#include "base/mem.h"

struct jmap_set_state {
	uint64_t old_state;
};

void jmap_set_release(struct jmap_call *c)
{
	mem_free(c->set);
}
