/* Range requests (RFC 9110 section 14): which octets are asked for. */
#ifndef HTTP_HTTP_RANGE_H
#define HTTP_HTTP_RANGE_H

#include "base/view.h"

enum http_range_result {
	HTTP_RANGE_ALL,       /* 200: no range, one of another unit, several, or one that cannot be read */
	HTTP_RANGE_ONE,       /* 206 */
	HTTP_RANGE_IMPOSSIBLE /* 416: there are no such octets */
};

/*
 * Reads the field Range for something of `size` octets. With HTTP_RANGE_ONE *first and *length tell the
 * octets, of which there is at least one. Several ranges are answered with all: section 14.2 allows that, and
 * each would have to be sent in a part of its own.
 */
enum http_range_result http_range_choose(struct view field, uint64_t size, uint64_t *first, uint64_t *length);

#endif
