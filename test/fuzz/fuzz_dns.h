/* What the targets share whose input is the data of DNS answers. */
#ifndef TEST_FUZZ_DNS_H
#define TEST_FUZZ_DNS_H

#include "fuzz.h"

#include "trust/dns/answers.h"

/* As TXT: strings of at most 255 octets. Other types get what the octets happen to be. */
static inline struct view fuzz_record(struct view line, unsigned type, struct buf *out)
{
	if (type != DNS_TXT)
		return line;
	buf_clear(out);
	do {
		struct view part = view_take(line, 255);
		buf_append_u8(out, (uint8_t)part.len);
		buf_append(out, part);
		line = view_skip(line, part.len);
	} while (line.len);
	return buf_view(out);
}

#endif
