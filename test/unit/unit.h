/* What every unit test includes: cmocka and the headers that it needs before it. */
#ifndef TEST_UNIT_H
#define TEST_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/view.h"

/* A test waits for an event, not for a time. On a busy machine, where unit tests have the lowest
 * priority, what takes a second of a processor may take minutes; meson ends a test after ten. */
enum { TEST_PATIENCE_MS = 500000 };

static inline void assert_view(struct view v, const char *expected)
{
	assert_int_equal(v.len, strlen(expected));
	assert_memory_equal(v.data, expected, v.len);
}

#endif
