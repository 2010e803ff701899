/* Reports as anybody may send them: files and messages. What is found is encoded, decoded and written, and
 * what is written is read alike. */
#include "fuzz.h"

#include "base/mem.h"
#include "report/report_find.h"
#include "report/report_write.h"

/* What is told of a message's header is whole lines of ASCII, whatever it was, and no longer than it may be.
 */
static void check_header(struct view header)
{
	static const struct failure_key key = {"0123456789abcdefghijklmnopqrstu"};
	struct buf told;
	buf_init(&told, FAILURE_HEADER_MAX);
	check(failure_header(header, &key, &told) == 0);
	struct view text = buf_view(&told), line;
	check(text.len == 0 || view_ends_nocase(text, VIEW("\r\n")));
	while (text.len > 0 && view_next(&text, '\n', &line)) {
		check(line.len > 1 && line.data[line.len - 1] == '\r');
		for (size_t i = 0; i + 1 < line.len; i++)
			check(ascii_is_print(line.data[i]) || line.data[i] == '\t');
	}
	buf_done(&told);
}

static void write_and_read_failure(const struct report_failure *failure)
{
	struct arena arena;
	struct report_found again;
	struct buf text, bytes;
	const struct failure_mail mail = {.org = VIEW("X"),
	    .from = VIEW("a@reporter.example"),
	    .to = VIEW("b@example.com"),
	    .submitter = VIEW("mx.reporter.example"),
	    .boundary = VIEW("a-boundary-of-ours"),
	    .failure = failure};
	arena_init(&arena, REPORT_MEMORY);
	buf_init(&text, 1 << 20);
	buf_init(&bytes, REPORT_BYTES_MAX);
	check(codec_encode(&bytes, &report_failure_schema, failure) == 0);
	check(failure_mail_write(&mail, &text) == 0);
	check(report_find(buf_view(&text), &arena, &again) == 0 && again.kind == REPORT_FAILURE);
	check(again.failure.incidents == failure->incidents);
	buf_done(&text);
	buf_done(&bytes);
	arena_done(&arena);
}

static void write_and_read(const struct report_found *found)
{
	if (found->kind == REPORT_FAILURE) {
		write_and_read_failure(&found->failure);
		return;
	}
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
	check_header(input);
	arena_init(&arena, REPORT_MEMORY);
	if (report_find_in_file(input, &arena, &found) == 0)
		write_and_read(&found);
	arena_reset(&arena);
	if (report_find(input, &arena, &found) == 0)
		write_and_read(&found);
	arena_done(&arena);
	return 0;
}
