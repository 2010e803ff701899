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

/* A test waits for an event, not for a time; on a busy machine a disk alone may take tens of seconds. */
enum { TEST_PATIENCE_MS = 120000 };

static inline void assert_view(struct view v, const char *expected)
{
	assert_int_equal(v.len, strlen(expected));
	assert_memory_equal(v.data, expected, v.len);
}

#endif
