/* Dates: what was read is written in a form that is read alike. */
#include "fuzz.h"

#include "format/date.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct date date, again;
	struct buf out;
	if (date_parse(view_of(data, size), &date))
		return 0;
	buf_init(&out, 100);
	/* A zone may carry the local date out of the years that can be written. */
	if (date_write(&out, date) == 0) {
		check(date_parse(buf_view(&out), &again) == 0);
		check(again.seconds == date.seconds && again.offset_minutes == date.offset_minutes);
		buf_clear(&out);
		check(date_write_rfc3339(&out, date) == 0);
	}
	buf_done(&out);
	return 0;
}
