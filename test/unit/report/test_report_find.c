/* Reports in messages: what we send is found again; gzip, zip, plain; bombs, damage, and what is none. */
#include "report_arena.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "base/mem.h"
#include "extract/gzip.h"
#include "format/transfer.h"
#include "report/report_find.h"
#include "report/report_mail.h"

static const char xml[] =
    "<?xml version=\"1.0\"?><feedback><report_metadata><org_name>X</org_name></report_metadata>"
    "<policy_published><domain>example.com</domain></policy_published><record><row><source_ip>192.0.2.1</"
    "source_ip>"
    "<count>4</count></row></record></feedback>";
static const char json[] = "{\"organization-name\":\"Y\",\"policies\":[{\"policy\":{\"policy-type\":\"sts\","
                           "\"policy-domain\":\"example.com\"},\"summary\":{}}]}";

static struct report_found found;

static struct report_mail mail(enum report_kind kind, const char *document)
{
	return (struct report_mail){.kind = kind,
	    .org = VIEW("An \"Org\""),
	    .from = VIEW("noreply@receiver.example"),
	    .to = VIEW("rua@example.com"),
	    .domain = VIEW("example.com"),
	    .submitter = VIEW("mx.receiver.example"),
	    .id = VIEW("abc123"),
	    .begin = 1732665600,
	    .end = 1732751999,
	    .date = {.seconds = 1732752000, .zone_known = true},
	    .boundary = VIEW("abcdefabcdefabcdef"),
	    .text = VIEW("This is a report.\n-- \nx\n"),
	    .document = view_from_string(document)};
}

static void what_we_send_is_found(void **state)
{
	(void)state;
	for (int kind = REPORT_DMARC; kind <= REPORT_TLS; kind++) {
		struct report_mail m = mail((enum report_kind)kind, kind == REPORT_DMARC ? xml : json);
		struct buf message;
		buf_init(&message, 1 << 20);
		assert_int_equal(report_mail_write(&m, &message), 0);
		assert_int_equal(report_find(buf_view(&message), &arena, &found), 0);
		assert_int_equal(found.kind, kind);
		const char *text = buf_string(&message);
		assert_non_null(
		    strstr(text, "Subject: Report Domain: example.com\r\n Submitter: mx.receiver.example\r\n "
		                 "Report-ID: <abc123@mx.receiver.example>\r\n"));
		assert_non_null(strstr(text, "From: \"An Org\"\r\n <noreply@receiver.example>\r\n"));
		assert_non_null(strstr(text, "Auto-Submitted: auto-generated\r\n"));
		assert_non_null(strstr(
		    text, kind == REPORT_DMARC
		              ? "mx.receiver.example!example.com!1732665600!1732751999!abc123.xml.gz"
		              : "mx.receiver.example!example.com!1732665600!1732751999!abc123.json.gz"));
		assert_int_equal(strstr(text, "report-type=\"tlsrpt\"") != NULL, kind == REPORT_TLS);
		for (const char *line = text; *line;) { /* RFC 5322 section 2.1.1 */
			const char *next = strstr(line, "\r\n");
			assert_true(next && next - line <= 998);
			line = next + 2;
		}
		buf_done(&message);
	}
}

/* ---- files ---- */

static void put_u16(struct buf *out, unsigned n)
{
	buf_append_byte(out, (char)n);
	buf_append_byte(out, (char)(n >> 8));
}

static void put_u32(struct buf *out, uint32_t n)
{
	put_u16(out, n & 0xffff);
	put_u16(out, n >> 16);
}

/* A zip file of one deflated entry. */
static void zip(struct view bytes, struct buf *out)
{
	size_t room = compressBound(bytes.len);
	unsigned char *packed = mem_alloc(room);
	z_stream z = {0};
	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (z_const Bytef *)bytes.data;
	z.avail_in = (uInt)bytes.len;
	z.next_out = packed;
	z.avail_out = (uInt)room;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	uint32_t len = (uint32_t)(room - z.avail_out);
	deflateEnd(&z);
	for (int directory = 0; directory < 2; directory++) {
		size_t at = buf_view(out).len;
		buf_append_string(out, directory ? "PK\1\2" : "PK\3\4");
		if (directory)
			put_u16(out, 20);
		put_u16(out, 20);
		put_u16(out, 0);
		put_u16(out, 8);
		put_u32(out, 0);
		put_u32(out, 0);
		put_u32(out, len);
		put_u32(out, (uint32_t)bytes.len);
		put_u16(out, 5);
		put_u16(out, 0);
		if (directory) {
			put_u16(out, 0);
			put_u32(out, 0);
			put_u32(out, 0);
			put_u32(out, 0);
		}
		buf_append_string(out, "r.xml");
		if (!directory) {
			buf_append(out, view_of(packed, len));
			continue;
		}
		uint32_t size = (uint32_t)(buf_view(out).len - at);
		buf_append_string(out, "PK\5\6");
		put_u32(out, 0);
		put_u16(out, 1);
		put_u16(out, 1);
		put_u32(out, size);
		put_u32(out, (uint32_t)at);
		put_u16(out, 0);
	}
	mem_free(packed);
}

static void gzip_zip_and_plain_are_read(void **state)
{
	struct buf file;
	(void)state;
	buf_init(&file, 1 << 20);
	assert_int_equal(report_find_in_file(view_from_string(xml), &arena, &found), 0);
	assert_int_equal(found.kind, REPORT_DMARC);
	assert_int_equal(report_find_in_file(view_from_string(json), &arena, &found), 0);
	assert_int_equal(found.kind, REPORT_TLS);
	assert_int_equal(gzip_bytes(view_from_string(xml), &file), 0);
	assert_int_equal(report_find_in_file(buf_view(&file), &arena, &found), 0);
	assert_view(found.dmarc.policy.domain, "example.com");
	struct view whole = buf_view(&file);
	for (size_t len = 2; len < whole.len; len++)
		assert_int_equal(report_find_in_file(view_take(whole, len), &arena, &found), -EBADMSG);
	buf_clear(&file);
	zip(view_from_string(xml), &file);
	assert_int_equal(report_find_in_file(buf_view(&file), &arena, &found), 0);
	assert_int_equal(found.kind, REPORT_DMARC);
	buf_clear(&file);
	zip(view_from_string("just text"), &file);
	assert_int_equal(report_find_in_file(buf_view(&file), &arena, &found), -ENOENT);
	assert_int_equal(report_find_in_file(VIEW("just text"), &arena, &found), -ENOENT);
	assert_int_equal(report_find_in_file(VIEW(""), &arena, &found), -ENOENT);
	assert_int_equal(report_find_in_file(VIEW("<html>"), &arena, &found), -EBADMSG);
	buf_done(&file);
}

/* A thousandth of what comes out goes in. */
static void bombs_end_at_the_limit(void **state)
{
	static const char head[] = "<feedback><policy_published><domain>d</domain></policy_published>"
	                           "<record><row><source_ip>1</source_ip><count>1</count></row></record>";
	size_t size = (size_t)REPORT_UNPACKED_MAX + 1000;
	char *bytes = mem_alloc(size);
	struct buf file;
	(void)state;
	memset(bytes, ' ', size);
	memcpy(bytes, head, sizeof head - 1);
	buf_init(&file, 1 << 20);
	assert_int_equal(gzip_bytes(view_of(bytes, size), &file), 0);
	assert_int_equal(report_find_in_file(buf_view(&file), &arena, &found), -E2BIG);
	buf_clear(&file);
	zip(view_of(bytes, size), &file);
	assert_int_equal(report_find_in_file(buf_view(&file), &arena, &found), -E2BIG);
	/* JSON is held whole: less of it. */
	bytes[0] = '{';
	buf_clear(&file);
	assert_int_equal(gzip_bytes(view_of(bytes, 5 << 20), &file), 0);
	assert_int_equal(report_find_in_file(buf_view(&file), &arena, &found), -E2BIG);
	mem_free(bytes);
	buf_done(&file);
}

static int find_in_message(const char *text)
{
	return report_find(view_from_string(text), &arena, &found);
}

static void any_type_and_name_will_do(void **state)
{
	char text[2000];
	static const char *const types[] = {"application/octet-stream", "text/xml", "application/xml", "x/y",
	    "text/plain; name=report.xml", "application/gzip"};
	(void)state;
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		snprintf(text, sizeof text, "Content-Type: %s\r\n\r\n%s\r\n", types[i], xml);
		if (find_in_message(text) != 0)
			fail_msg("%s", types[i]);
	}
	assert_int_equal(find_in_message("Subject: x\r\n\r\nhello\r\n"), -ENOENT);
	assert_int_equal(find_in_message("Content-Type: text/html\r\n\r\n<html></html>\r\n"), -ENOENT);
	assert_int_equal(find_in_message("Content-Type: application/gzip\r\n\r\nhello\r\n"), -ENOENT);
	assert_int_equal(find_in_message(""), -ENOENT);
	/* A damaged one does not hide a good one. */
	snprintf(text, sizeof text,
	    "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: "
	    "text/xml\r\n\r\n<feedback>\r\n--b\r\n"
	    "Content-Type: application/json\r\n\r\n%s\r\n--b--\r\n",
	    json);
	assert_int_equal(find_in_message(text), 0);
	assert_int_equal(found.kind, REPORT_TLS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(what_we_send_is_found, arena_begin, arena_end),
	    cmocka_unit_test_setup_teardown(gzip_zip_and_plain_are_read, arena_begin, arena_end),
	    cmocka_unit_test_setup_teardown(bombs_end_at_the_limit, arena_begin, arena_end),
	    cmocka_unit_test_setup_teardown(any_type_and_name_will_do, arena_begin, arena_end),
	};
	return cmocka_run_group_tests_name("report/report_find", tests, NULL, NULL);
}
