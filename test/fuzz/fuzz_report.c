/* Reports as anybody may send them: files and messages. What is found is encoded, decoded and written, and
 * what is written is read alike. */
#include "fuzz.h"

#include "report/report_find.h"
#include "report/report_write.h"

static void write_and_read(const struct report_found *found)
{
	struct arena arena;
	struct report_found again;
	struct buf text, bytes;
	const struct codec_schema *schema =
	    found->kind == REPORT_DMARC ? &report_dmarc_schema : &report_tls_schema;
	arena_init(&arena, REPORT_MEMORY);
	buf_init(&text, 64 << 20);
	buf_init(&bytes, REPORT_BYTES_MAX);
	check(codec_encode(&bytes, schema, &found->dmarc) == 0);
	if (found->kind == REPORT_DMARC)
		check(report_dmarc_write(&found->dmarc, &text) == 0);
	else
		check(report_tls_write(&found->tls, &text) == 0);
	int error = report_find_in_file(buf_view(&text), &arena, &again);
	check(error == 0);
	check(again.kind == found->kind);
	if (found->kind == REPORT_DMARC) {
		check(again.dmarc.rows.count == found->dmarc.rows.count);
		check(view_equal(again.dmarc.policy.domain, found->dmarc.policy.domain));
	} else {
		check(again.tls.policies.count == found->tls.policies.count);
	}
	buf_done(&text);
	buf_done(&bytes);
	arena_done(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view input = view_of(data, size);
	struct report_found found;
	struct arena arena;
	arena_init(&arena, REPORT_MEMORY);
	if (report_find_in_file(input, &arena, &found) == 0)
		write_and_read(&found);
	arena_reset(&arena);
	if (report_find(input, &arena, &found) == 0)
		write_and_read(&found);
	arena_done(&arena);
	return 0;
}
